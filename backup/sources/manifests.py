"""Manifests of good snapshots, kept on this host so that a run need not fetch them out of the vault.

Each is held against the sha256 on record.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from backup.command import run
from backup.plan import Job
from backup.records import BackupRecord
from backup.restic import Repository, build_dump_file
from backup.sources.stored_volume import MANIFEST
from tenants.writing import write_private


@dataclass(frozen=True)
class Manifests:
    """The folder of them; what is lost there is fetched again."""

    directory: Path

    def load(self, job: Job, snapshot: BackupRecord, repository: Repository) -> bytes:
        """Give a snapshot's manifest as it was recorded; nothing where neither this host nor the vault has it."""
        file = self._folder(job) / snapshot.snapshot_id
        kept = file.read_bytes() if file.is_file() else b""
        if _is(kept, snapshot):
            return kept
        fetched = run(build_dump_file(repository, snapshot.snapshot_id, f"/{MANIFEST}"))
        return fetched.stdout if fetched.ok and _is(fetched.stdout, snapshot) else b""

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


def _is(manifest: bytes, snapshot: BackupRecord) -> bool:
    return hashlib.sha256(manifest).hexdigest() == snapshot.sha256
