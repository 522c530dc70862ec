"""Manifests of good snapshots, kept on this host so that a run need not fetch them out of the vault.

Each is held against the sha256 on record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backup.command import run
from backup.plan import Job
from backup.records import BackupRecord
from backup.restic import Repository, build_dump_file
from backup.sources.stored_volume import MANIFEST
from tenants.writing import write_private


def sum_of(manifest: bytes) -> str:
    """Give what stands for a volume: the sha256 of its manifest."""
    return hashlib.sha256(manifest).hexdigest()


@dataclass(frozen=True)
class Manifests:
    """The folder of them; what is lost there is fetched again."""

    directory: Path
    file: str = MANIFEST
    """Its name in the snapshot."""
    stands_for: Callable[[bytes], str] = sum_of
    """Gives the sha256 on record of what a manifest describes."""

    def load(self, job: Job, snapshot: BackupRecord, repository: Repository) -> bytes:
        """Give a snapshot's manifest as it was recorded; nothing where neither this host nor the vault has it."""
        file = self._folder(job) / snapshot.snapshot_id
        kept = file.read_bytes() if file.is_file() else b""
        if self.stands_for(kept) == snapshot.sha256:
            return kept
        fetched = run(build_dump_file(repository, snapshot.snapshot_id, f"/{self.file}"))
        return fetched.stdout if fetched.ok and self.stands_for(fetched.stdout) == snapshot.sha256 else b""

    def keep(self, job: Job, snapshot_id: str, manifest: bytes, *others: str) -> None:
        """Keep a manifest, and of the older ones of this job those of the named snapshots."""
        folder = self._folder(job)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for file in folder.iterdir():
            if file.name not in others:
                file.unlink()
        write_private(folder / snapshot_id, manifest)

    def _folder(self, job: Job) -> Path:
        return self.directory / job.department / job.source / job.project / job.item
