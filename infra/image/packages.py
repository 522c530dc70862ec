"""Debian packages into a folder with mmdebstrap: extracted alone, or installed as a system.

Mirror, proxy and certificates are those that the machine's own apt uses; see :mod:`infra.lab.host`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from infra.lab import host
from tenants.problem import Problem, UserError

Tell = Callable[[str], None]

_TOOLS = {
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
}
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_SEARCH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def require_tools() -> None:
    """Raise one :class:`UserError` that names every program the build misses and its package."""
    missing = {package for tool, package in _TOOLS.items() if shutil.which(tool, path=_SEARCH) is None}
    if not _KEYRING.exists():
        missing.add("debian-archive-keyring")
    if missing:
        names = " ".join(sorted(missing))
        raise UserError(Problem(f"building a guest image needs the packages {names}", f"apt-get install {names}"))


def versions_of(archives: Iterable[str]) -> dict[str, str]:
    """Read package versions out of archive names such as ``busybox-static_1%3a1.35.0-4_amd64.deb``."""
    parts = (Path(a).name.removesuffix(".deb").split("_") for a in archives if a.endswith(".deb"))
    return {name: version.replace("%3a", ":") for name, version, *_ in parts}


def extract_packages(target: Path, include: Sequence[str], log: Path, tell: Tell) -> dict[str, str]:
    """Unpack packages and what they depend on into ``target`` without installing; give their versions."""
    listing = target.with_name(target.name + ".packages")
    tell(f"downloading {', '.join(include)}")
    # mmdebstrap removes the archives at the end, so their names are taken by a hook while they are there
    hook = f'--extract-hook=ls "$1"/var/cache/apt/archives/*.deb > {listing}'
    _mmdebstrap(["--variant=extract", f"--include={','.join(include)}", hook], target, log)
    versions = versions_of(listing.read_text().splitlines())
    listing.unlink()
    return versions


def install_packages(target: Path, include: Sequence[str], hooks: Sequence[str], log: Path, tell: Tell) -> dict[str, str]:
    """Install a minimal Debian with the packages into ``target`` (needs root); give the versions of all of it."""
    listing = target.with_name(target.name + ".packages")
    tell(f"installing Debian 12 with {', '.join(include)}")
    form = r"${Package}\t${Version}\n"
    show = f"--customize-hook=dpkg-query --admindir=\"$1\"/var/lib/dpkg -W -f='{form}' > {listing}"
    arguments = ["--mode=root", "--variant=minbase", f"--include={','.join(include)}"]
    _mmdebstrap([*arguments, *(f"--customize-hook={h}" for h in hooks), show], target, log)
    versions = dict(line.split("\t") for line in listing.read_text().splitlines())
    listing.unlink()
    return versions


def make_filesystem(disk: Path, label: str, size_mib: int, log: Path, tree: Path | None = None) -> None:
    """Make an ext4 file system in the sparse file ``disk``, filled from ``tree`` without mounting anything."""
    fill = [] if tree is None else ["-d", str(tree)]
    _run(["mke2fs", "-q", "-t", "ext4", "-m", "0", "-L", label, *fill, str(disk), f"{size_mib}M"], log)


def _mmdebstrap(arguments: Sequence[str], target: Path, log: Path) -> None:
    settings = [f"--aptopt={setting}" for setting in host.read_apt_settings()]
    sources = "".join(f"deb {source}\n" for source in host.read_sources())
    _run(["mmdebstrap", *settings, *arguments, host.SUITE, str(target), "-"], log, sources)


def _run(argv: Sequence[str], log: Path, said: str = "") -> None:
    environment = {**os.environ, "PATH": _SEARCH, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    with log.open("a") as out:
        done = subprocess.run(argv, check=False, env=environment, input=said, text=True, stdout=out, stderr=out)
    if done.returncode:
        errors = [line for line in log.read_text().splitlines() if line.startswith("E: ")] or ["no line says why"]
        what = f"{argv[0]} ended with exit code {done.returncode}: {errors[0].removeprefix('E: ')}"
        raise UserError(Problem(what, f"the whole log is {log}"))
