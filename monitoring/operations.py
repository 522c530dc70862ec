"""Brings to the operations host what it must know of the departments: declarations and what came of them."""

from __future__ import annotations

import io
import shlex
import subprocess
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tenants.installation import Installation
from tenants.problem import Problem, UserError

SITE = "/var/lib/oneroof/site"
CODE = "/opt/oneroof/code"
SURVEYS = Path(__file__).resolve().parent / "savings"


@dataclass(frozen=True)
class OperationsHost:
    """One operations host and how ssh reaches it."""

    name: str
    address: str
    user: str
    key: str
    options: tuple[str, ...]

    def ssh(self, command: str) -> tuple[str, ...]:
        """Give the command line that runs ``command`` there."""
        key = ("-i", self.key) if self.key else ()
        return ("ssh", "-T", "-o", "BatchMode=yes", *key, *self.options, f"{self.user}@{self.address}", command)


def load_operations_hosts(inventory: Path) -> tuple[OperationsHost, ...]:
    """Read the inventory's group ``operations``; raise UserError where there is none."""
    if not inventory.is_file():
        raise UserError(Problem("there is no inventory", "oneroof lab up makes the lab's", inventory))
    hosts = tuple(find_operations_hosts(yaml.safe_load(inventory.read_text(encoding="utf-8")) or {}))
    if not hosts:
        raise UserError(Problem("the inventory has no machine in group operations", file=inventory))
    return hosts


def find_operations_hosts(inventory: Mapping[str, Any]) -> Iterator[OperationsHost]:
    """Give the hosts of ``operations`` with the variables that the inventory tells anywhere."""
    top = inventory.get("all") or {}
    children = top.get("children") or {}
    for name in (children.get("operations") or {}).get("hosts") or {}:
        told = dict(top.get("vars") or {})
        for group in (top, *children.values()):
            told |= ((group or {}).get("hosts") or {}).get(name) or {}
        yield OperationsHost(
            name,
            str(told.get("ansible_host", name)),
            str(told.get("ansible_user", "root")),
            str(told.get("ansible_ssh_private_key_file", "")),
            tuple(str(told.get("ansible_ssh_common_args", "")).split()),
        )


def list_files(installation: Installation, declarations: Path) -> dict[str, Path]:
    """Give what is brought: place on the operations host to file here."""
    files = {f"{CODE}/tenants/{file.name}": file for file in sorted(declarations.glob("*.yaml"))}
    files |= {f"{CODE}/monitoring/savings/{file.name}": file for file in sorted(SURVEYS.glob("*.yaml"))}
    departments = sorted((installation.home / "departments").glob("*.json"))
    return files | {f"{SITE}/departments/{file.name}": file for file in departments}


def pack(files: Mapping[str, Path]) -> bytes:
    """Give the files as one tar archive."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for place, file in files.items():
            data = file.read_bytes()
            entry = tarfile.TarInfo(place.lstrip("/"))
            entry.size, entry.mode, entry.mtime = len(data), 0o644, int(file.stat().st_mtime)
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def build_script(files: Iterable[str]) -> str:
    """Give the shell command that unpacks the archive and removes declarations and departments that are not in it."""
    unpack = ("tar", "--extract", "--no-same-owner", "--overwrite", "--directory=/")
    kinds = ("(", "-path", f"{CODE}/tenants/*.yaml", "-o", "-path", f"{SITE}/departments/*.json", ")")
    kept = (word for place in sorted(files) for word in ("!", "-path", place))
    clean = ("find", f"{CODE}/tenants", f"{SITE}/departments", "-maxdepth", "1", "-type", "f", *kinds, *kept, "-delete")
    return f"{shlex.join(unpack)} && {shlex.join(clean)}"


def push(hosts: Iterable[OperationsHost], files: Mapping[str, Path]) -> None:
    """Bring the files to every operations host, and take away there what is not among them; raise UserError."""
    archive, script = pack(files), build_script(files)
    for host in hosts:
        done = subprocess.run(host.ssh(script), input=archive, capture_output=True, timeout=120, check=False)
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip().splitlines()
            raise UserError(
                Problem(
                    f"{host.name} ({host.address}): ssh ended with {done.returncode}: {reason[-1] if reason else ''}",
                    "The machine must be up and deployed: oneroof lab status, oneroof deploy.",
                )
            )
