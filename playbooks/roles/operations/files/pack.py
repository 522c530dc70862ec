"""Packs the code that the operations host runs: CHECKOUT ARCHIVE. Prints the archive's SHA-256, and "written" if it changed.

The same files give the same bytes: sorted, without times, owners and what Python compiled.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import sys
import tarfile
from pathlib import Path

PARTS = ("oneroof.py", "tenants", "infra", "backup", "monitoring", "playbooks/secrets.yaml", "pyproject.toml")
LEFT_OUT = {"__pycache__", ".git"}


def pack(checkout: Path) -> bytes:
    """Give the archive of the checkout's code."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for part in PARTS:
            path = checkout / part
            for file in sorted(path.rglob("*")) if path.is_dir() else [path] if path.is_file() else []:
                if file.is_file() and not LEFT_OUT & set(file.parts):
                    entry = tarfile.TarInfo(str(file.relative_to(checkout)))
                    entry.size, entry.mode = file.stat().st_size, 0o755 if file.stat().st_mode & 0o100 else 0o644
                    archive.addfile(entry, io.BytesIO(file.read_bytes()))
    return packed.getvalue()


def main(checkout: Path, target: Path) -> None:
    """Write the archive where it differs from what is there."""
    data = pack(checkout.resolve())
    print(hashlib.sha256(data).hexdigest())
    if not target.is_file() or target.read_bytes() != data:
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_suffix(".new")
        new.write_bytes(data)
        new.replace(target)
        print("written")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
