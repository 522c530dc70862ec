"""Brings to the operations host what it must know of the departments: declarations and what came of them."""

from __future__ import annotations

import io
import shlex
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from tenants.assumptions.model import ASSUMPTIONS_FILE
from tenants.installation import Installation
from tenants.machines import Machine
from tenants.problem import Problem, UserError

SITE = "/var/lib/oneroof/site"
CODE = "/opt/oneroof/code"
SURVEYS = Path(__file__).resolve().parent / "savings"


def list_files(installation: Installation, declarations: Path) -> dict[str, Path]:
    """Give what is brought: place on the operations host to file here."""
    files = {f"{CODE}/tenants/{file.name}": file for file in sorted(declarations.glob("*.yaml"))}
    files |= {f"{CODE}/monitoring/savings/{file.name}": file for file in sorted(SURVEYS.glob("*.yaml"))}
    files[f"{CODE}/tenants/assumptions/{ASSUMPTIONS_FILE.name}"] = ASSUMPTIONS_FILE
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


def push(hosts: Iterable[Machine], files: Mapping[str, Path]) -> None:
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
