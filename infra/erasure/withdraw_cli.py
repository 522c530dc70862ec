"""``oneroof withdraw``: the operator's last resort, without an owner's approval; where data went, that is on record too."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from tenants.installation import Installation
from tenants.problem import Problem, UserError

_FAILED, _INTERRUPTED = 1, 130


@click.command()
@click.argument("departments", nargs=-1, required=True)
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml to work on.")
@click.option("--yes", is_flag=True, help="Really do it.")
@click.option("--erase-data", is_flag=True, help="Delete their volumes and containers too, approved by nobody.")
def withdraw(departments: tuple[str, ...], cloud: str, yes: bool, erase_data: bool) -> None:
    """Delete everything DEPARTMENTS have in the cloud; refuses while one holds data unless --erase-data is told.

    What went is looked for in every service afterwards. Where data went, the ledger says so: `oneroof evidence list
    erasure`. Ends with 1 where something could not be deleted or is still found; run again, it carries on.
    """
    from infra import apply as applying
    from infra.apply_cli import report, report_steps
    from infra.erasure.withdrawal import begin, end, load_begun
    from infra.provider.failure import CloudError
    from infra.site import open_site, stacks_of

    installation = Installation.current()
    site = open_site(installation, cloud=cloud, external_network="", may_erase=erase_data, tell=_say)
    known, begun = stacks_of(site), load_begun(installation, departments)
    if unknown := [department for department in departments if department not in (*known, *begun)]:
        held = f"It has: {', '.join(known)}." if known else "Nothing was."
        raise UserError(*(Problem(f"{department} was never applied to cloud {cloud}", held) for department in unknown))
    if not yes:
        what = f"this deletes everything of {', '.join(departments)} in cloud {cloud}"
        raise UserError(Problem(what, "Tell --yes to do it."))
    slugs = tuple(dict.fromkeys(departments))
    under_way = {slug: begin(site, slug, begun.get(slug)) for slug in slugs}
    failed = set[str]()
    try:
        for done in applying.withdraw(site, [slug for slug in slugs if slug in known], on_step=report_steps()):
            report(done)
            failed |= {done.stack} if done.state == "failed" else set()
        ended = [each for slug, each in under_way.items() if slug not in failed]
        for slug, left in end(site, ended).items():
            click.echo(f"{slug}: {_found(left)}")
            failed |= {slug} if left else set()
    except CloudError as error:
        _say(str(error))
        sys.exit(_FAILED)
    except KeyboardInterrupt:
        _say("interrupted: run it again to carry on")
        sys.exit(_INTERRUPTED)
    sys.exit(_FAILED if failed else 0)


def _found(left: Sequence[str]) -> str:
    return f"still found: {', '.join(left)}" if left else "nothing of it is left in any service"


def _say(line: str) -> None:
    click.echo(line, err=True)


COMMANDS: tuple[click.Command, ...] = (withdraw,)
