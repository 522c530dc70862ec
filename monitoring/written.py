"""Reads how much of each volume was ever written, from Ceph's own maps of what objects a volume has; no data is read.

A volume has storage where something was written and was not discarded since, in pieces of 4 MiB mostly: what is told is the
most that can be on it, never less. What snapshots hold is counted in. The key that reads it opens names and maps of volumes
and none of their contents (role ``ceph``). https://docs.ceph.com/en/pacific/man/8/rbd/#commands (disk-usage)
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

POOL = "volumes"
"""Cinder's pool, whose images are called ``volume-`` and the volume's id."""
_ACCOUNT = "auditor"
_KEYRING = Path("/etc/ceph") / f"ceph.client.{_ACCOUNT}.keyring"
_PREFIX = "volume-"
_PATIENCE_SECONDS = 300


def ceph_here() -> bool:
    """Tell whether this host has the key."""
    return _KEYRING.exists()


def collect_written() -> Mapping[str, int]:
    """Give bytes by volume id, with one run of ``rbd``; raise RuntimeError with what it said."""
    argv = ["rbd", "--id", _ACCOUNT, "du", "--pool", POOL, "--format", "json"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False)
    if done.returncode:
        raise RuntimeError(f"rbd du ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return parse_written(done.stdout)


def parse_written(text: str) -> dict[str, int]:
    """Add up what ``rbd du`` tells of each volume and its snapshots, at most its size; other images are left out."""
    size: dict[str, int] = {}
    used: dict[str, int] = {}
    for image in json.loads(text)["images"]:
        name = image["name"]
        if name.startswith(_PREFIX):
            volume = name.removeprefix(_PREFIX)
            size[volume] = max(size.get(volume, 0), int(image["provisioned_size"]))
            used[volume] = used.get(volume, 0) + int(image["used_size"])
    return {volume: min(size[volume], written) for volume, written in used.items()}
