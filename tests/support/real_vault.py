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
from backup.records import RepositoryRecord
from backup.restic import Repository, build_check
from backup.sources.taken import Taken, store_tree

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
def serve(rclone: Path, root: Path) -> Iterator[int]:
    """Run the store as role vault does, without TLS; give its port when it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    options = ["--append-only", "--cache-objects=false", "--config=", "--cache-dir=/nonexistent"]
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
