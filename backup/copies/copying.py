"""Copies the proven snapshots of a department's repository into another one, and looks at what came of it.

The other repository has the same password, so that the escrow opens it too, and the same cutting of data into pieces, so
that nothing is stored twice. What is there already is left out by restic, so a run after an interruption carries on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backup.command import run
from backup.copies.record import COUNTS, CopyRecord, known_copies
from backup.ending import Ending, explain, judge
from backup.lock import clear_dead_locks
from backup.records import BackupRecord, Outcome, RepositoryRecord, append_records, load_backups, load_records
from backup.restic import (
    Repository,
    build_check,
    build_config,
    build_copy,
    build_init_copy,
    build_read_everything,
    build_snapshots,
    parse_originals,
    parse_repository_id,
)
from backup.sources.taken import NotTakenError, Say, demand_restic
from tenants.problem import Problem, UserError

AT_ONCE = 25
"""Snapshots that one call of restic copies."""
LONGEST = timedelta(days=7)


@dataclass(frozen=True)
class Copying:
    """One department's repository, and the one beside which its snapshots are put."""

    source: Repository
    target: Repository
    directory: Path
    """Of the target."""
    place: str
    by: str


def find_place(directory: Path) -> Path:
    """Give the directory of copies; raise :class:`UserError` where it is none that can be written."""
    if not directory.is_dir():
        found = "a file" if directory.exists() else "nothing there"
        hint = "Mount the disk first: it is not made, so that nothing fills the disk beneath it."
        raise UserError(Problem(f"{directory}: got {found}, expected a directory for the copies", hint))
    try:
        probe = directory / ".oneroof-copy"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(Problem(f"{directory}: cannot be written: {error.strerror}", "Is it mounted read-only?")) from error
    return directory.resolve()


def copy_repository(copying: Copying, known: RepositoryRecord, records: Path, say: Say, *, everything: bool) -> CopyRecord:
    """Copy what is proven and not there yet, check the whole, and put both ends on record; give the last record.

    ``everything`` reads all that the copy holds and compares it, which is what makes it verified. Raises
    :class:`NotTakenError` where nothing could begin: the vault has another repository, or the place is somebody else's.
    """
    started_at = datetime.now(UTC)
    proven = [b for b in load_backups(records) if b.department == known.department and b.outcome in COUNTS]
    if not proven:
        raise NotTakenError("there is no snapshot that counts, so there is nothing to copy")
    _demand_source(copying, known)
    copy_id = _open(copying, known, load_records(CopyRecord, records), say)
    begun = CopyRecord(
        known.department,
        known.repository_id,
        copy_id,
        copying.place,
        started_at,
        started_at,
        copying.by,
        0,
        0,
        {},
        Outcome.PENDING,
    )
    append_records(records, [begun])
    there, copied, reason = _copy(copying, {b.snapshot_id for b in proven}, say)
    if not reason:
        reason = _check(copying, say, everything=everything)
    held = [b for b in proven if b.snapshot_id in there]
    done = replace(
        begun,
        ended_at=datetime.now(UTC),
        snapshots=len(held),
        copied=copied,
        newest=find_newest(held),
        outcome=Outcome.FAILED if reason else Outcome.VERIFIED if everything else Outcome.GOOD,
        reason=reason,
    )
    append_records(records, [done])
    return done


def find_newest(held: Sequence[BackupRecord]) -> dict[str, str]:
    """Give the newest snapshot of each thing among those that are held. Pure."""
    return {f"{b.source} {b.name}": b.snapshot_id for b in sorted(held, key=lambda b: b.started_at)}


def watch_copy(department: str, total: int, say: Say) -> Callable[[str], bool]:
    """Give what tells of each line of ``restic copy`` whether it went on, and says each snapshot that arrived."""
    last, done = "", 0

    def went_on(line: str) -> bool:
        nonlocal last, done
        said = re.sub(r"^\[[0-9:]+\]\s*", "", line.strip())  # the time goes on by itself
        if re.match(r"snapshot [0-9a-f]+ saved", said):
            done += 1
            say(f"{department}: {done} of {total} snapshots copied")
        elif said != last and re.search(r"\d+(\.\d+)?%", said):
            say(f"{department}: {said}")
        moved, last = bool(said) and said != last, said
        return moved

    return went_on


def _demand_source(copying: Copying, known: RepositoryRecord) -> None:
    found = _identify(copying.source)
    if found != known.repository_id:
        raise NotTakenError(f"the vault holds repository {found[:8]}, expected {known.repository_id[:8]}")
    clear_dead_locks(copying.source)


def _open(copying: Copying, known: RepositoryRecord, records: Sequence[CopyRecord], say: Say) -> str:
    """Give the id of the repository to copy into, made where the directory is empty; refuse any that is not this copy."""
    department, directory = known.department, copying.directory
    version = copying.target.version
    if not (directory / "config").is_file():
        if directory.is_dir() and any(file.is_file() for file in directory.rglob("*")):
            raise NotTakenError(f"{directory} holds files and no repository, expected an empty directory or a copy of it")
        say(f"{department}: making the repository of its copy")
        made = run(build_init_copy(copying.target, copying.source))
        if not made.ok:
            raise NotTakenError(explain_at(directory, explain(made, version)))
    asked = run(build_config(copying.target))
    if judge(asked, version) is Ending.WRONG_PASSWORD:
        raise NotTakenError(f"{directory} is no copy of {department}: the department's password does not open it")
    if not asked.ok:
        raise NotTakenError(explain_at(directory, explain(asked, version)))
    found = parse_repository_id(asked.stdout)
    if found == known.repository_id:
        raise NotTakenError(f"{directory} is the vault's own repository {found[:8]}, expected another place")
    whose = known_copies(records).get(found)
    if whose not in (None, department):
        raise NotTakenError(f"{directory} holds repository {found[:8]}, which is the copy of {whose}, not of {department}")
    if whose is None and _originals(copying):  # made by a run that was cut off at once, it would be empty
        raise NotTakenError(f"{directory} holds repository {found[:8]}, which is on record as no copy of {department}")
    clear_dead_locks(copying.target)
    return found


def _copy(copying: Copying, wanted: set[str], say: Say) -> tuple[set[str], int, str]:
    """Copy what is missing; give what is there of what was wanted, how many came, and why it is not all, or nothing."""
    department = copying.source.department
    before = _originals(copying).keys() & wanted
    left = sorted(wanted - before)
    say(f"{department}: {len(left)} of {len(wanted)} proven snapshots are not in {copying.directory} yet")
    reason = ""
    for start in range(0, len(left), AT_ONCE):
        batch = left[start : start + AT_ONCE]
        watch = watch_copy(department, len(batch), say)
        ended = run(build_copy(copying.target, copying.source, batch), timeout=LONGEST, progress=watch)
        if not ended.ok:
            reason = explain_at(copying.directory, explain(ended, copying.target.version))
            break
    there = _originals(copying).keys() & wanted
    if not reason and len(there) < len(wanted):
        reason = f"{len(wanted) - len(there)} snapshots are not there afterwards"
    return there, len(there - before), reason


def _check(copying: Copying, say: Say, *, everything: bool) -> str:
    say(f"{copying.source.department}: {'reading all of' if everything else 'checking'} the copy")
    command = build_read_everything(copying.target) if everything else build_check(copying.target)
    ended = run(command, timeout=LONGEST)
    return explain_at(copying.directory, explain(ended, copying.target.version))


def explain_at(directory: Path, reason: str) -> str:
    """Say of a reason where it arose: what is full here is not the vault, which answers 507. Pure."""
    if "507" in reason:  # it could not take the lock that guards what is read
        return reason
    return reason.replace(str(Ending.FULL), f"{directory} is full: make room, or take another disk, and run it again")


def _originals(copying: Copying) -> Mapping[str, str]:
    listed = run(build_snapshots(copying.target))
    if not listed.ok:
        raise NotTakenError(explain_at(copying.directory, explain(listed, copying.target.version)))
    return parse_originals(listed.stdout)


def _identify(repository: Repository) -> str:
    try:
        return parse_repository_id(demand_restic(repository, build_config(repository)).stdout)
    except ValueError as error:
        raise NotTakenError(str(error)) from error
