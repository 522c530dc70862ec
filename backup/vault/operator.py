"""What the operator's machine does with the vault: it alone has the keys and the way to the machine that holds the data."""

from __future__ import annotations

import contextlib
import getpass
import socket
from collections.abc import Iterator, Sequence
from functools import partial

from backup.command import Command, run
from backup.exchange import SITE_HOME, fetch_ledgers, send_ledgers
from backup.keys import load_keys
from backup.opening import find_repository
from backup.plan import Job
from backup.policy import Policy
from backup.records import load_records
from backup.sources.taken import Say
from backup.vault.lease import lease
from backup.vault.place import at_machine
from backup.vault.records import ProbeRecord, last_probes
from backup.vault.retain import Retained, attempt, retain
from backup.vault.retention import Chosen, keep_within
from tenants.installation import Installation
from tenants.machines import load_machine
from tenants.problem import Problem, UserError


def who() -> str:
    """Say who runs this, for the record."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def retain_from_operator(
    jobs: Sequence[Job],
    policy: Policy,
    installation: Installation,
    say: Say,
    *,
    dry_run: bool,
    beyond: bool,
    prune: bool | None,
) -> Iterator[Retained]:
    """Remove of each department what may go, one after the other; a failure of one stops no other.

    Raises :class:`UserError` where the first site does not answer: its records may hold what speaks against it; and where
    another retention is at work.
    """
    machine, operations = load_machine(installation, "vaults"), load_machine(installation, "operations")
    fetch_ledgers(installation, operations)
    keys = load_keys(installation)
    holding = contextlib.ExitStack()
    if not dry_run:
        holding.enter_context(lease(at_machine(machine, "", ""), who()))
    try:
        for department in sorted({job.department for job in jobs}):
            nothing = Retained(department, Chosen((), ()), 0, 0)
            known = find_repository(installation.records, department)
            if known is None or department not in keys:
                yield nothing
                continue
            place = at_machine(machine, department, keys[department].restic_password)
            within = keep_within((j for j in jobs if j.department == department), policy)
            terms = (place, known, within, policy.vault, installation.records, who(), say)
            work = partial(retain, *terms, dry_run=dry_run, beyond=beyond, prune=prune)
            yield attempt(known, installation.records, who(), work, dry_run=dry_run)
    finally:
        holding.close()
        if not dry_run:
            send_ledgers(installation, operations)


def tell_operations(installation: Installation, say: Say) -> None:
    """Bring what is on record here to the operations host, whose exporter speaks of it; say so where it does not answer."""
    try:
        send_ledgers(installation, load_machine(installation, "operations"))
    except UserError as error:
        say(str(error))


def probe_from_operator(installation: Installation) -> list[ProbeRecord]:
    """Have the operations host probe the vault; give the last probe of each department that this one made."""
    host = load_machine(installation, "operations")
    before = set(load_records(ProbeRecord, installation.records))
    ended = run(Command(host.ssh(f"ONEROOF_HOME={SITE_HOME} exec oneroof vault probe --local > /dev/null")))
    if ended.code not in (0, 1):
        raise UserError(Problem(f"{host.name}: vault probe ended with {ended.code}: {ended.reason}"))
    fetch_ledgers(installation, host)
    made = last_probes(r for r in load_records(ProbeRecord, installation.records) if r not in before)
    return [record for _, record in sorted(made.items())]
