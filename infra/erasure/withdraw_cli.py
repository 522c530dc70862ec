"""``oneroof withdraw``: the operator's last resort, without an owner's approval; where data went, that is on record too."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from tenants.installation import Installation
from tenants.problem import Problem, UserError

if TYPE_CHECKING:
    from tenants.declaration.erasure import Thing

_FAILED, _INTERRUPTED = 1, 130


@click.command()
@click.argument("departments", nargs=-1, required=True)
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml to work on.")
@click.option("--yes", is_flag=True, help="Really do it.")
@click.option("--erase-data", is_flag=True, help="Delete their volumes and containers too, approved by nobody.")
def withdraw(departments: tuple[str, ...], cloud: str, yes: bool, erase_data: bool) -> None:
    """Delete everything DEPARTMENTS have in the cloud; refuses while one holds data unless --erase-data is told.

    Where data went, the ledger says so: `oneroof evidence list erasure`.
    """
    from infra import apply as applying
    from infra.apply_cli import report, report_steps
    from infra.erasure.erasing import find_going
    from infra.erasure.gateway import remove_accounts
    from infra.provider.failure import CloudError
    from infra.site import open_site, stacks_of
    from tenants.declaration.erasure import Thing, ThingKind

    installation = Installation.current()
    site = open_site(installation, cloud=cloud, external_network="", may_erase=erase_data, tell=_say)
    known = stacks_of(site)
    if unknown := [department for department in departments if department not in known]:
        held = f"It has: {', '.join(known)}." if known else "Nothing was."
        raise UserError(*(Problem(f"{department} was never applied to cloud {cloud}", held) for department in unknown))
    if not yes:
        what = f"this deletes everything of {', '.join(departments)} in cloud {cloud}"
        raise UserError(Problem(what, "Tell --yes to do it."))
    everything = [Thing(ThingKind.DEPARTMENT)]
    started_at, going = datetime.now(UTC), {slug: find_going(site, slug, everything) for slug in departments}
    failed, accounts = False, list[str]()
    try:
        for done in applying.withdraw(site, dict.fromkeys(departments), on_step=report_steps()):
            report(done)
            gone = going[done.stack]
            if done.state == "failed":
                failed = True
                continue
            accounts += [identifier for thing, identifier in gone.items() if thing.kind is ThingKind.PROJECT]
            if any(thing.kind in (ThingKind.VOLUME, ThingKind.CONTAINER) for thing in gone):
                _record(installation, done.stack, gone, started_at, datetime.now(UTC))
        remove_accounts(installation, accounts)
    except CloudError as error:
        _say(str(error))
        failed = True
    except KeyboardInterrupt:
        _say("interrupted: run it again to carry on")
        sys.exit(_INTERRUPTED)
    sys.exit(_FAILED if failed else 0)


def _record(
    installation: Installation, department: str, going: Mapping[Thing, str], started_at: datetime, ended_at: datetime
) -> None:
    from backup.records import ErasureRecord, Outcome, append_records

    record = ErasureRecord(
        department=department,
        name="department",
        started_at=started_at,
        ended_at=ended_at,
        reason="withdrawn by the operator with --erase-data",
        approved_by=[],
        approved_on="",
        not_before="",
        expires="",
        quarantined_at="",
        snapshots={},
        without_backup="",
        identifiers={str(thing): identifier for thing, identifier in going.items()},
        left=[],
        outcome=Outcome.GOOD,
    )
    append_records(installation.records, [record])


def _say(line: str) -> None:
    click.echo(line, err=True)


COMMANDS: tuple[click.Command, ...] = (withdraw,)
