"""The lease of the vault's machine: one retention at a time, from whichever machine it is run.

It is a file locked by a program over there that lives as long as the connection to it: who loses the connection loses the
lease, a dead holder holds nothing, and no clock is asked. What is left for the moments in between is restic's own lock.
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator
from datetime import timedelta

from backup.command import Command, beside
from backup.vault.place import Place
from tenants.problem import Problem, UserError

FILE = ".retention"
PULSE_SECONDS = 2
"""How long the holder takes at most to notice that its connection is gone."""
PATIENCE = timedelta(seconds=60)


def build_holder(directory: str, by: str) -> str:
    """Give the shell script that holds the lease until nobody reads from it, or says who holds it and ends."""
    file = shlex.quote(f"{directory}/{FILE}")
    taken = f'{{ echo "held by $(cat {file})" >&2; exit 75; }}'
    told = f"printf '%s since %s\\n' {shlex.quote(by)} \"$(date -u +%FT%TZ)\" > {file}"
    # what writes to a connection that is gone is ended; the pause itself keeps neither lock nor connection
    pulse = f"while echo held; do sleep {PULSE_SECONDS} 9>&- >&- 2>&- & wait $!; done"
    # a holder that lost its connection needs a moment to notice
    lock = f"exec 9>>{file} || exit 1; flock -w {2 * PULSE_SECONDS + 1} 9 || {taken}"
    return f"umask 077; {lock}; {told}; trap 'exit 0' INT TERM HUP; {pulse}"


@contextlib.contextmanager
def lease(place: Place, by: str) -> Iterator[None]:
    """Hold the lease through the block; raise :class:`UserError` that names who has it, or why it cannot be had."""
    holding = contextlib.ExitStack()
    try:
        holding.enter_context(beside(Command(place.reach(build_holder(place.directory, by))), patience=PATIENCE))
    except OSError as error:
        said = str(error)
        if "held by" in said:
            who = said.partition("held by ")[2]
            hint = "It ends with whoever holds it; the next run does what is left."
            raise UserError(Problem(f"{place.name}: another retention is at work: {who}", hint)) from error
        raise UserError(Problem(f"{place.name}: the lease of the vault cannot be had: {said}")) from error
    with holding:
        yield
