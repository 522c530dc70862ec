"""A snapshot is known by its full id, which restic 0.14 does not tell: out of its cache, else out of the vault."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from real_vault import Vault

from backup.sources.taken import NotTakenError, identify, list_snapshots


def test_a_short_id_is_found_in_the_cache_or_in_the_vault(vault: Vault, tmp_path: Path) -> None:
    vault.open()
    taken, other = vault.store(), vault.store()
    ended = {"message_type": "summary", "snapshot_id": taken.snapshot_id[:8], "total_bytes_processed": 1}
    said = json.dumps(ended).encode()
    assert identify(vault.repository, said).snapshot_id == taken.snapshot_id
    (kept,) = vault.repository.cache.glob(f"*/snapshots/*/{taken.snapshot_id}")  # type: ignore[union-attr]
    kept.write_bytes(b"of another time")
    assert identify(vault.repository, said).snapshot_id == taken.snapshot_id, "asked in the vault"
    (vault.files / "snapshots" / taken.snapshot_id).unlink()
    shutil.rmtree(tmp_path / "cache")
    with pytest.raises(NotTakenError):
        identify(vault.repository, said)
    assert list_snapshots(vault.repository, other.snapshot_id) == (other.snapshot_id,)
