"""What the lab takes over from its host: package sources, trusted certificates, resolver, uplink, routes."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from infra.lab.address import Taken
from infra.lab.command import run
from tenants.problem import Problem, UserError

SUITE = "bookworm"
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
# settings that a machine behind the same mirror needs as well
_APT_KEYS = re.compile(r"^Acquire::(https?::Proxy|Check-Valid-Until|Check-Date|https::(CaInfo|Verify-Peer|Verify-Host))\b")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_RESOLVERS = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)


def parse_sources(texts: Mapping[str, str]) -> tuple[str, ...]:
    """Give the host's sources of Debian's main archive for the lab's release, one ``URI suite main`` each.

    ``texts`` are apt's files by name, one-line and deb822. A host of another release has none.
    """
    found: list[str] = []
    for name, text in sorted(texts.items()):
        entries = _deb822(text) if name.endswith(".sources") else _one_line(text)
        for uri, suite, components in entries:
            if suite.rstrip("/") in {SUITE, f"{SUITE}-updates", f"{SUITE}-security"} and "main" in components:
                found.append(f"{uri} {suite} main")
    if not any(source.split()[1] == SUITE for source in found):
        return ()
    return tuple(dict.fromkeys(found))


def _one_line(text: str) -> Iterable[tuple[str, str, list[str]]]:
    for line in text.splitlines():
        words = re.sub(r"\[[^]]*\]", "", line.split("#")[0]).split()
        if len(words) >= 4 and words[0] == "deb":
            yield words[1], words[2], words[3:]


def _deb822(text: str) -> Iterable[tuple[str, str, list[str]]]:
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line for line in paragraph.splitlines() if not line.startswith("#")]
        fields = {
            key.lower(): value.split() for key, value in re.findall(r"^([\w-]+):(.*(?:\n[ \t].*)*)", "\n".join(lines), re.M)
        }
        if "deb" not in fields.get("types", []) or fields.get("enabled") == ["no"]:
            continue
        for uri in fields.get("uris", []):
            for suite in fields.get("suites", []):
                yield uri, suite, fields.get("components", [])


def read_sources(apt: Path = Path("/etc/apt")) -> tuple[str, ...]:
    """Read the host's sources; where it has none of this release, give Debian's own. Raises OSError without mmdebstrap."""
    files = [apt / "sources.list", *apt.glob("sources.list.d/*.list"), *apt.glob("sources.list.d/*.sources")]
    found = parse_sources({file.name: file.read_text() for file in files if file.is_file()})
    return found or parse_defaults(Path(shutil.which("mmdebstrap") or "mmdebstrap").read_text())


def parse_defaults(program: str) -> tuple[str, ...]:
    """Give Debian's own archives, from the text of ``mmdebstrap``: what it takes itself where it is told nothing."""
    known = dict(re.findall(r"^\s*my \$(mirror|secmirror)\s*=\s*'([^']+)';", program, re.M))
    if set(known) != {"mirror", "secmirror"}:
        raise UserError(
            Problem(
                f"this host has no package source of Debian's {SUITE}, and mmdebstrap names none",
                "Add one to apt's sources.",
            )
        )
    archives = ((known["mirror"], ""), (known["mirror"], "-updates"), (known["secmirror"], "-security"))
    return tuple(f"{uri} {SUITE}{suffix} main" for uri, suffix in archives)


def read_apt_settings() -> tuple[str, ...]:
    """Give apt's settings about proxies, certificates and clocks, as apt writes them."""
    return tuple(
        line for line in run(["apt-config", "dump"]).stdout.splitlines() if _APT_KEYS.match(line) and '""' not in line
    )


def read_proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """Give the proxies of the environment."""
    return {key: environ[key] for key in _PROXIES if environ.get(key)}


def read_pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Give where pip finds packages on this host: ``index-url`` and ``extra-index-url``, where they are set."""
    settings: dict[str, str] = {}
    for file in (Path("/etc/pip.conf"), Path.home() / ".config/pip/pip.conf", Path.home() / ".pip/pip.conf"):
        if file.is_file():
            settings |= dict(re.findall(r"^\s*((?:extra-)?index-url)\s*=\s*(\S+)", file.read_text(), re.M))
    for key in ("index-url", "extra-index-url"):
        if value := environ.get(f"PIP_{key.upper().replace('-', '_')}"):
            settings[key] = value
    return settings


def extra_certificates(host: str, image: str) -> tuple[str, ...]:
    """Give the certificates of one PEM bundle that another lacks."""
    known = set(_PEM.findall(image))
    return tuple(dict.fromkeys(pem for pem in _PEM.findall(host) if pem not in known))


def parse_resolver(text: str) -> tuple[IPv4Address, ...]:
    """Give the IPv4 name servers that another machine could ask as well: those not on loopback."""
    found = re.findall(r"^\s*nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$", text, re.M)
    return tuple(address for address in map(IPv4Address, found) if not address.is_loopback)


def read_resolver() -> str:
    """Give the contents of a resolv.conf that works in a machine too; raises :class:`UserError` where the host has none."""
    for file in _RESOLVERS:
        if file.is_file() and parse_resolver(text := file.read_text()):
            return "".join(f"{line}\n" for line in text.splitlines() if "nameserver 127." not in line and line.strip())
    raise UserError(
        Problem(
            "the host's name servers are on loopback only, so the lab's machines could not ask them",
            hint="name another server in /etc/resolv.conf",
        )
    )


@dataclass(frozen=True)
class Route:
    """One route of the host."""

    network: IPv4Network
    device: str


def parse_routes(text: str) -> tuple[Route, ...]:
    """Read ``ip -json route``: IPv4 routes to networks; default routes and broadcast addresses are left out."""
    return tuple(
        Route(IPv4Network(route["dst"]), route.get("dev", ""))
        for route in json.loads(text or "[]")
        if route["dst"] != "default" and route.get("type", "unicast") not in ("broadcast", "local")
    )


def read_taken(own_devices: Iterable[str] = ()) -> tuple[Taken, ...]:
    """Give the networks that the host uses already: its routes but those through ``own_devices``, and its name servers."""
    own = set(own_devices)
    routes = parse_routes(run(["ip", "-json", "-4", "route", "show", "table", "all"]).stdout)
    servers = parse_resolver(Path("/etc/resolv.conf").read_text()) if Path("/etc/resolv.conf").exists() else ()
    return (
        *(
            Taken(route.network, f"the host's route through {route.device}")
            for route in routes
            if route.device not in own and not route.network.is_loopback
        ),
        *(Taken(IPv4Network(address), "the host's name server") for address in servers),
    )


def read_uplink_mtu() -> int:
    """Give the largest packet that the host's default route takes, bytes; 1500 without one."""
    devices = {
        route.get("dev") for route in json.loads(run(["ip", "-json", "-4", "route", "show", "default"]).stdout or "[]")
    }
    found = [link["mtu"] for link in json.loads(run(["ip", "-json", "link", "show"]).stdout) if link["ifname"] in devices]
    return int(min([*found, 1500]))
