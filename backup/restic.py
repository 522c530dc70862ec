"""restic as values: argument lists out, answers in. Nothing here starts a program.

Debian 12 has 0.14, where ``backup`` names its snapshot by 8 digits, and where asking for an unknown snapshot ends with 0;
Debian 13 has 0.18. What an end means by version is told by :mod:`backup.ending`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from backup.command import Command
from backup.ending import Version

HOST = "oneroof"
"""Given to every snapshot instead of the machine's name, so that snapshots group the same wherever they were taken."""
OLDEST, NEWEST = (0, 14), (0, 19)
"""Versions that were tried; a newer one is used, and said."""


@dataclass(frozen=True)
class Repository:
    """How a repository is reached: files, so that neither its address nor its password is ever an argument."""

    department: str
    repository_file: Path
    password_file: Path
    ca_certificate: Path | None = None
    cache: Path | None = None
    version: Version = OLDEST
    """Of the restic on this host: what its exit codes mean."""

    @property
    def environment(self) -> dict[str, str]:
        """What restic finds in its environment."""
        values = {
            "RESTIC_REPOSITORY_FILE": str(self.repository_file),
            "RESTIC_PASSWORD_FILE": str(self.password_file),
            "RESTIC_PROGRESS_FPS": "0.1",
        }
        return values | ({"RESTIC_CACHE_DIR": str(self.cache)} if self.cache else {})

    def command(self, *arguments: str, directory: Path | None = None) -> Command:
        """Give restic's command line for this repository."""
        flags = [f"--cacert={self.ca_certificate}"] if self.ca_certificate else []
        flags += [] if self.cache else ["--no-cache"]
        return Command(("restic", *flags, *arguments), self.environment, directory)


@dataclass(frozen=True)
class Summary:
    """What ``restic backup`` says at its end."""

    snapshot_id: str
    """8 digits from 0.14, all 64 later."""
    bytes: int
    added_bytes: int
    """What of it the repository did not have yet, before compression."""


def build_version() -> Command:
    """Ask which restic this is."""
    return Command(("restic", "version"))


def build_init(repository: Repository) -> Command:
    """Make a repository; refused by restic where there is one."""
    return repository.command("init")


def build_config(repository: Repository) -> Command:
    """Read the repository's configuration, which holds its id."""
    return repository.command("--no-lock", "cat", "config")


def build_backup_stream(repository: Repository, file_name: str, tag: str) -> Command:
    """Store standard input as one file."""
    arguments = ("--json", "backup", "--stdin", f"--stdin-filename={file_name}", f"--host={HOST}", f"--tag={tag}")
    return repository.command(*arguments)


def build_backup_tree(repository: Repository, tree: Path, tag: str) -> Command:
    """Store a directory's content, with names relative to it."""
    return repository.command("--json", "backup", f"--host={HOST}", f"--tag={tag}", ".", directory=tree)


def build_backup_changes(repository: Repository, tree: Path, tag: str, parent: str) -> Command:
    """Store a directory's content, reading only what has another size or time than in the parent; all without a parent.

    Inodes count for nothing: a tree that is mounted anew has others.
    """
    how = ("--ignore-inode", f"--parent={parent}") if parent else ("--force",)
    return repository.command("--json", "backup", f"--host={HOST}", f"--tag={tag}", *how, ".", directory=tree)


def build_dump_tree(repository: Repository, snapshot_id: str) -> Command:
    """Give all of a snapshot as a tar on standard output; it takes no lock."""
    return repository.command("--no-lock", "--quiet", "dump", snapshot_id, "/")


def build_check(repository: Repository, part: int = 0, parts: int = 0) -> Command:
    """Check that everything the snapshots need is there; with a part, read each pack of it and compare its sum as well."""
    return repository.command("check", *([f"--read-data-subset={part}/{parts}"] if part else []))


def build_read_everything(repository: Repository) -> Command:
    """Check a repository, and read every pack of it and compare its sum."""
    return repository.command("check", "--read-data")


def build_init_copy(repository: Repository, source: Repository) -> Command:
    """Make a repository that cuts data as another one does, so that what is copied is not stored twice."""
    return _beside(repository.command("init", "--copy-chunker-params"), source)


def build_copy(repository: Repository, source: Repository, ids: Sequence[str]) -> Command:
    """Copy snapshots out of another repository, those that are not there; raise ``ValueError`` for other than full ids."""
    if not ids or not all(re.fullmatch(r"[0-9a-f]{64}", i) for i in ids):
        raise ValueError("expected full ids of snapshots")
    return _beside(repository.command("copy", *ids), source)


def _beside(command: Command, source: Repository) -> Command:
    told = {"FROM_REPOSITORY_FILE": source.repository_file, "FROM_PASSWORD_FILE": source.password_file}
    return replace(command, environment={**command.environment, **{f"RESTIC_{k}": str(v) for k, v in told.items()}})


def build_list_locks(repository: Repository) -> Command:
    """List the names of all locks."""
    return repository.command("--no-lock", "--quiet", "list", "locks")


def build_read_lock(repository: Repository, name: str) -> Command:
    """Read one lock: who made it, and when."""
    return repository.command("--no-lock", "--quiet", "cat", "lock", name)


def build_unlock(repository: Repository) -> Command:
    """Remove locks whose owner is dead: another program of this very host, or older than half an hour."""
    return repository.command("unlock")


def build_dump_file(repository: Repository, snapshot_id: str, file: str) -> Command:
    """Write one file of a snapshot to standard output."""
    return repository.command("--no-lock", "--quiet", "dump", snapshot_id, file)


def build_restore(repository: Repository, snapshot_id: str, target: Path) -> Command:
    """Put all files of a snapshot under a directory."""
    return repository.command("--no-lock", "--quiet", "restore", snapshot_id, "--target", str(target))


def build_snapshots(repository: Repository, *ids: str) -> Command:
    """List snapshots, all of them or those named."""
    return repository.command("--no-lock", "--json", "snapshots", *ids)


def parse_version(text: str) -> Version:
    """Give the version as numbers; raise ``ValueError`` where the text names none."""
    if not (match := re.search(r"restic (\d+(?:\.\d+)+)", text)):
        raise ValueError(f"got {text.strip()[:80]!r}, expected a line such as restic 0.14.0")
    return tuple(int(part) for part in match[1].split("."))


def watch_progress() -> Callable[[str], bool]:
    """Give what tells of each JSON line whether ``restic backup`` went on: a status that repeats itself is none."""
    last = ""

    def went_on(line: str) -> bool:
        nonlocal last
        try:
            message = json.loads(line)
        except ValueError:
            return False
        if not isinstance(message, Mapping):
            return False
        done = (
            "end" if message.get("message_type") != "status" else f"{message.get('files_done')} {message.get('bytes_done')}"
        )
        moved, last = done != last, done
        return moved

    return went_on


def parse_summary(output: bytes) -> Summary:
    """Give the summary among a backup's JSON lines; raise ``ValueError`` where there is none."""
    for line in reversed(output.decode("utf-8", "replace").splitlines()):
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if isinstance(message, Mapping) and message.get("message_type") == "summary" and message.get("snapshot_id"):
            size, added = int(message["total_bytes_processed"]), int(message.get("data_added", 0))
            return Summary(str(message["snapshot_id"]), size, added)
    raise ValueError("restic backup gave no summary with a snapshot")


def parse_repository_id(output: bytes) -> str:
    """Give the id out of a repository's configuration; raise ``ValueError`` where it has none."""
    value = json.loads(output)
    if not isinstance(value, Mapping) or not re.fullmatch(r"[0-9a-f]{64}", str(value.get("id", ""))):
        raise ValueError("the repository's configuration has no id")
    return str(value["id"])


def parse_snapshot_ids(output: bytes, *, until: datetime | None = None) -> tuple[str, ...]:
    """Give the full ids of a listing, oldest first; with ``until`` those that are not younger."""
    listed: Sequence[Mapping[str, Any]] = json.loads(output) or ()
    if until is not None:
        # Go writes nanoseconds
        times = [(s, datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", str(s["time"])))) for s in listed]
        listed = [s for s, time in times if time <= until]
    return tuple(str(s["id"]) for s in sorted(listed, key=lambda s: str(s["time"])))


def parse_originals(output: bytes) -> dict[str, str]:
    """Give of a copy's listing the id that each snapshot had where it came from, to its id here."""
    listed: Sequence[Mapping[str, Any]] = json.loads(output) or ()
    return {str(s.get("original") or s["id"]): str(s["id"]) for s in listed}


def build_forget(repository: Repository, ids: Sequence[str]) -> Command:
    """Remove snapshots, each named by its full id and never by a policy; raise ``ValueError`` for anything else."""
    if not ids or not all(re.fullmatch(r"[0-9a-f]{64}", i) for i in ids):
        raise ValueError("expected full ids of snapshots")
    return repository.command("--quiet", "forget", *ids)


def build_prune(repository: Repository, repack: str) -> Command:
    """Give back the space of what no snapshot needs, writing at most so much anew (restic's size: ``2G``, ``0``)."""
    return repository.command("--quiet", "prune", f"--max-repack-size={repack}")
