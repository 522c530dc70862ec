"""A drill: the newest good snapshot restored at the second site, compared with what was backed up, and timed.

It reads the vault's own storage with nothing of the first site: what it proves is what there is after the first site is
gone. Everything restored lies in a quarantine directory that only root can read, and is removed at the end.
"""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backup.command import Command, Completed, run
from backup.keys import Keys
from backup.plan import Job
from backup.records import BackupRecord, DrillRecord, Outcome, Source
from backup.sources import stored_volume
from backup.sources.taken import SUMS, NotTakenError, Say
from tenants.machines import Machine

VAULT_DIRECTORY = "/srv/vault"
QUARANTINE = "/var/tmp/oneroof-drill-"  # noqa: S108 - made by mktemp, readable by root alone
LONGEST = timedelta(hours=24)


@dataclass(frozen=True)
class Restored:
    """What a restore gave."""

    bytes: int
    sha256: str
    seconds: float
    problem: str = ""
    """What differs beside the sha256; empty where nothing does."""


def run_drill(job: Job, snapshot: BackupRecord, keys: Keys, host: Machine, say: Say) -> DrillRecord:
    """Restore a job's snapshot on ``host``, compare it, and give the record. Raises nothing for a failed restore."""
    started_at = datetime.now(UTC)
    say(f"{job.label}: restoring {snapshot.snapshot_id[:8]} of {snapshot.started_at:%Y-%m-%d %H:%M} on {host.name}")
    try:
        with _quarantine(host) as quarantine:
            restore = _restore_volume if job.source is Source.VOLUME else _restore_tree
            restored = restore(job, snapshot, _Session(host, quarantine, job.department, keys))
    except NotTakenError as error:
        restored = Restored(0, "", 0.0, str(error))
    same = restored.sha256 == snapshot.sha256
    different = "" if same or restored.problem else "the restored data is not what was backed up"
    reason = restored.problem or different
    return DrillRecord(
        department=job.department,
        source=job.source,
        name=job.name,
        started_at=started_at,
        ended_at=datetime.now(UTC),
        snapshot_id=snapshot.snapshot_id,
        outcome=Outcome.FAILED if reason else Outcome.VERIFIED,
        recovery_point_at=snapshot.started_at,
        restored_bytes=restored.bytes,
        sha256_expected=snapshot.sha256,
        sha256_restored=restored.sha256,
        recovery_seconds=round(restored.seconds, 3),
        identical=same and not reason,
        reason=reason,
    )


def verified(snapshot: BackupRecord, drill: DrillRecord) -> BackupRecord:
    """Give the snapshot's next state after a drill that found it identical."""
    return replace(snapshot, ended_at=drill.ended_at, outcome=Outcome.VERIFIED, reason="")


def missing(job: Job, now: datetime) -> DrillRecord:
    """Give the record of a drill that had nothing to restore."""
    return DrillRecord(
        job.department, job.source, job.name, now, now, "", Outcome.FAILED, now, 0, "", "", 0.0, False,
        "there is no good snapshot to restore",
    )  # fmt: skip


def render_restic(directory: str, department: str, *arguments: str) -> str:
    """Give the shell words of restic on the vault's own files, reading only: it takes no lock and keeps no cache.

    The password comes on standard input: on the machine that holds the data, it never touches the disk.
    """
    words = ["restic", "--repo", f"{directory}/{department}", "--no-lock", "--no-cache", "--password-file", "/dev/stdin"]
    return f"cat | {shlex.join([*words, *arguments])}"


def render_tree_check(tree: str) -> str:
    """Give a script that compares a restored tree with its own sums: each file, and that there is none more."""
    return (
        f"cd {shlex.quote(tree)} && sha256sum --check --strict --quiet {SUMS} && "
        f'test "$(find . -type f ! -path ./{SUMS} -print0 | tr -cd "\\\\0" | wc -c)" -eq "$(wc -l < {SUMS})"'
    )


@dataclass(frozen=True)
class _Session:
    """One drill's place on the vault's machine."""

    host: Machine
    quarantine: str
    department: str
    keys: Keys

    def restic(self, *arguments: str, into: str = "cat > /dev/null") -> str:
        directory = str(self.host.variables.get("vault_directory", VAULT_DIRECTORY))
        script = f"set -o pipefail; {render_restic(directory, self.department, *arguments)} | {into}"
        return _demand(self.host, shlex.join(["bash", "-c", script]), self.keys.restic_password.encode())

    def demand(self, script: str, stdin: bytes = b"") -> str:
        return _demand(self.host, script, stdin)

    def sha256(self, path: str) -> str:
        return self.demand(shlex.join(["sha256sum", "--", path])).lstrip("\\").split(" ", 1)[0]


def _restore_volume(job: Job, snapshot: BackupRecord, session: _Session) -> Restored:
    file, program = f"{session.quarantine}/volume.raw", f"{session.quarantine}/stored_volume.py"
    session.demand(f"cat > {shlex.quote(program)}", Path(stored_volume.__file__).read_bytes())
    started = time.monotonic()
    told = session.restic("dump", snapshot.snapshot_id, "/", into=shlex.join(["python3", program, file]))
    seconds = time.monotonic() - started
    found = json.loads(told)
    return Restored(int(found["bytes"]), str(found["sha256"]), seconds, _peek(job, session, file))


def _restore_tree(job: Job, snapshot: BackupRecord, session: _Session) -> Restored:
    tree = f"{session.quarantine}/tree"
    started = time.monotonic()
    session.restic("restore", snapshot.snapshot_id, "--target", tree)
    seconds = time.monotonic() - started
    size = int(session.demand(f"find {shlex.quote(tree)} -type f -printf '%s\\n' | awk '{{s += $1}} END {{print s + 0}}'"))
    digest = session.sha256(f"{tree}/{SUMS}")
    compared = run(Command(session.host.ssh(render_tree_check(tree))), timeout=LONGEST)
    problem = "" if compared.ok else f"{job.label}: files differ from {SUMS}: {' '.join(compared.stderr.split())[-300:]}"
    return Restored(size, digest, seconds, problem)


def _peek(job: Job, session: _Session, file: str) -> str:
    """Read what the department's server shows out of the restored volume; give what is wrong, or nothing.

    The image is as a power failure leaves it, so its journal is replayed first, after the comparison.
    """
    if job.expectation is None:
        return ""
    checked = run(Command(session.host.ssh(shlex.join(["/usr/sbin/e2fsck", "-f", "-y", file]))), timeout=LONGEST)
    if checked.code not in (0, 1):  # 1: the journal was replayed
        return f"its file system cannot be read: {checked.reason}"
    request = f'cat "{job.expectation.path}"'
    if re.search(r'["\n]', job.expectation.path):
        return f"its path {job.expectation.path!r} cannot be asked for"
    shown = session.demand(shlex.join(["/usr/sbin/debugfs", "-R", request, file]))
    return "" if job.expectation.text in shown else f"{job.expectation.path} does not hold {job.expectation.text!r}"


@contextmanager
def _quarantine(host: Machine) -> Iterator[str]:
    """Make a directory for root alone; remove all of it on any way out."""
    made = _demand(host, f"mktemp --directory {QUARANTINE}XXXXXXXX").strip()
    if not re.fullmatch(re.escape(QUARANTINE) + r"\w+", made):
        raise NotTakenError(f"{host.name}: got {made!r}, expected a directory for the restore")
    try:
        yield made
    finally:
        _demand(host, f"rm -rf -- {made}")


def _demand(host: Machine, script: str, stdin: bytes = b"") -> str:
    ended: Completed = run(Command(host.ssh(script)), stdin=stdin, timeout=LONGEST)
    if not ended.ok:
        raise NotTakenError(f"{host.name}: {ended.reason}")
    return ended.stdout.decode("utf-8", "replace")
