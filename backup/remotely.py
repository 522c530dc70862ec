"""Has the operations host run a command of its own oneroof, with what it says shown here as it comes."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

from backup.command import Command, attach
from backup.exchange import SITE_HOME, fetch_ledgers
from tenants.installation import Installation
from tenants.machines import Machine
from tenants.problem import Problem, UserError


def run_at(host: Machine, arguments: Sequence[str], what: str, installation: Installation) -> None:
    """Run it and take over the evidence; raise :class:`UserError` where it did not come to its end (0, or 1: some failed).

    The table that it prints is not shown: this side renders the records, once it holds them.
    """
    script = f"ONEROOF_HOME={SITE_HOME} exec {shlex.join(('oneroof', *arguments))} > /dev/null"
    code = attach(Command(host.ssh(script, terminal=sys.stdin.isatty() and sys.stderr.isatty())))
    if code not in (0, 1):
        raise UserError(Problem(f"{host.name}: {what} ended with {code}", "Its last lines above say why."))
    fetch_ledgers(installation, host)
