"""What the operator's machine does: has the operations host back up, holds drills at the second site, keeps the records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from backup.command import Command, pipe, run
from backup.drill import missing, run_drill, verified
from backup.escrow.work import keep_current
from backup.exchange import SITE_HOME, send_ledgers, update_ledgers
from backup.history import BUNDLE, keep_history
from backup.keys import load_keys
from backup.plan import CONTROL_PLANE, Job
from backup.records import BackupRecord, DrillRecord, append_records, load_backups, newest_restorable
from backup.remotely import run_at
from backup.sources.taken import Say
from tenants.installation import Installation, repository
from tenants.machines import Machine, load_machine
from tenants.problem import Problem, UserError

PUSHED = (
    *("pulumi", "secrets.yml", "backup-keys.yml", "database-passwords.yml", "inventory", "ca.pem", "departments"),
    "escrow.json",
    *("records/ledger", "records/sharing.jsonl"),
    BUNDLE,
)
"""What of the operator's home the control plane's backup takes along: no secret among it that is not encrypted."""


def run_from_operator(
    jobs: Sequence[Job], installation: Installation, tier: str, say: Say, *, if_due: bool = False
) -> tuple[BackupRecord, ...]:
    """Run jobs on the operations host; give the last record that this run made for each."""
    host = load_machine(installation, "operations")
    departments = sorted({j.department for j in jobs} - {CONTROL_PLANE})
    control_plane = any(j.department == CONTROL_PLANE for j in jobs)
    if control_plane:
        keep_current(installation, say)
        push_operator(installation, host, say)
    arguments = ["backup", "run", "--local"]
    arguments += ["--if-due"] if if_due else []
    arguments += (["--tier", tier] if tier else []) + (["--control-plane"] if control_plane else []) + departments
    before = set(load_backups(installation.records))
    run_at(host, arguments, "backup run", installation)
    made = [r for r in load_backups(installation.records) if r not in before]
    wanted = {(j.department, j.source, j.name) for j in jobs}
    return tuple(r for r in made if (r.department, r.source, r.name) in wanted)


def drill_from_operator(jobs: Sequence[Job], installation: Installation, say: Say) -> tuple[DrillRecord, ...]:
    """Hold a drill of each job's newest good snapshot at the second site, and record it on both machines.

    Without an answer of the first site, the records here have to do: then above all must a restore be possible.
    """
    vault, keys = load_machine(installation, "vaults"), load_keys(installation)
    operations = load_machine(installation, "operations")
    update_ledgers(installation, say)
    newest = newest_restorable(load_backups(installation.records))
    held: list[DrillRecord] = []
    try:
        for job in jobs:
            snapshot = newest.get((job.department, job.source, job.name))
            if snapshot is None or job.department not in keys:
                record = missing(job, datetime.now(UTC))
            else:
                record = run_drill(job, snapshot, keys[job.department], vault, say)
                if record.identical:
                    append_records(installation.records, [verified(snapshot, record)])
            append_records(installation.records, [record])
            held.append(record)
    finally:
        if held:
            try:
                send_ledgers(installation, operations)
            except UserError as error:
                say(str(error))
    return tuple(held)


def push_operator(installation: Installation, host: Machine, say: Say) -> None:
    """Bring to the operations host what only the operator's machine has; replaced as a whole there."""
    say(f"control-plane: bringing the operator's state to {host.name}")
    if missing_of_it := keep_history(repository(), installation):
        say(f"control-plane: {missing_of_it}")
    present = [name for name in PUSHED if (installation.home / name).exists()]
    target = f"{SITE_HOME}/operator"
    unpack = f"umask 077 && rm -rf {target}.new && mkdir -p {target}.new && tar -xf - -C {target}.new"
    packed = Command(("tar", "-C", str(installation.home), "-cf", "-", *present))
    sent = pipe(packed, Command(host.ssh(unpack)))
    if not sent.ok:
        raise UserError(Problem(f"the operator's state did not reach {host.name}: {sent.reason}"))
    commit = run(Command(("git", "-C", str(repository()), "rev-parse", "HEAD")))
    replace = f"cat > {target}.new/commit && rm -rf {target} && mv {target}.new {target}"
    text = commit.stdout if commit.ok else b"unknown\n"
    done = run(Command(host.ssh(replace)), stdin=text)
    if not done.ok:
        raise UserError(Problem(f"{host.name}: {done.reason}"))
