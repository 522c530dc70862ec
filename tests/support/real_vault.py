"""A real vault on this machine: rclone serving append-only on loopback, and every restic that is at hand."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from backup.command import Completed, run
from backup.lock import run_unlocked
from backup.opening import open_repository
from backup.records import BackupRecord, Outcome, RepositoryRecord, Source, append_records
from backup.restic import Repository, build_check, parse_summary
from backup.sources.taken import Taken, store_tree
from backup.vault.place import Place

WITHIN = timedelta(days=5)
"""Makes four parts of a repository."""


def named(name: str) -> list[Path]:
    """Give the other programs of that name to try as well, which ``ONEROOF_TEST_<NAME>`` names, with colons between."""
    return [Path(path) for path in os.environ.get(f"ONEROOF_TEST_{name.upper()}", "").split(":") if path]


@dataclass
class Vault:
    """One department's repository, behind the vault's door, and its files as the vault's own side sees them."""

    repository: Repository
    files: Path
    records: Path
    said: list[str]

    def open(self) -> RepositoryRecord:
        return open_repository(self.repository, self.records, self.said.append)

    def store(self, *, size: int = 300_000) -> Taken:
        tree = self.records.parent / f"tree-{time.monotonic_ns()}"
        tree.mkdir()
        (tree / "data").write_bytes(os.urandom(size))
        return store_tree(self.repository, tree, "volume:prod/portal", datetime.now(UTC))

    def store_aged(self, days: float, *, size: int = 50_000, outcome: Outcome = Outcome.VERIFIED) -> BackupRecord:
        """Store a snapshot as if it had been taken and had come to the vault some days ago, and put it on record."""
        at = datetime.now(UTC) - timedelta(days=days)
        file = self.records.parent / f"data-{time.monotonic_ns()}"
        file.write_bytes(os.urandom(size))
        before = set(self.packs())
        when = ("--time", f"{at.astimezone():%Y-%m-%d %H:%M:%S}", "--host=oneroof", "--tag=volume:prod/portal")
        made = self.restic("--json", "backup", *when, str(file))
        assert made.ok, made.reason
        summary = parse_summary(made.stdout)
        (snapshot,) = (self.files / "snapshots").glob(f"{summary.snapshot_id}*")
        for arrived in (snapshot, *set(self.packs()) - before):
            os.utime(arrived, (at.timestamp(), at.timestamp()))
        told = (snapshot.name, summary.bytes, "", outcome)
        record = BackupRecord("health", Source.VOLUME, "prod/portal", at, at, *told, added_bytes=summary.added_bytes)
        append_records(self.records, [record])
        return record

    def place(self) -> Place:
        """Give the repository as the vault's own side reaches it."""
        password = self.repository.password_file.read_text()
        return Place(lambda script: ("bash", "-c", script), "site-b", str(self.files.parent), "", "health", password)

    def restic(self, *arguments: str) -> Completed:
        return run(self.repository.command(*arguments))

    def check(self, patience: timedelta) -> Completed:
        """Run a check as the product does: dead locks cleared, living ones waited for."""
        return run_unlocked(
            self.repository,
            build_check(self.repository),
            self.repository.version,
            self.said.append,
            patience=patience,
            pause=timedelta(seconds=0.2),
        )

    def packs(self) -> list[Path]:
        return sorted(f for f in (self.files / "data").rglob("*") if f.is_file())

    def snapshots(self) -> list[dict[str, Any]]:
        return list(json.loads(self.restic("--no-lock", "--json", "snapshots").stdout) or ())


@contextmanager
def serve(rclone: Path, root: Path, *more: str, append_only: bool = True) -> Iterator[int]:
    """Run the store as role vault does, without TLS; give its port when it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    options = [
        *(["--append-only"] if append_only else []),
        *more,
        "--cache-objects=false",
        "--config=",
        "--cache-dir=/nonexistent",
    ]
    process = subprocess.Popen(
        [rclone, "serve", "restic", *options, "--addr", f"127.0.0.1:{port}", root], stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()
