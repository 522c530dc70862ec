"""The one command: composes the ``cli.py`` of each package, nothing else."""

from __future__ import annotations

import signal

import click

import backup.cli
import backup.escrow.cli
import backup.evidence_cli
import backup.restore.cli
import backup.vault.cli
import infra.cli
import monitoring.cli
import tenants.declaration.cli
from tenants.problem import UserError, mendable


class _Commands(click.Group):
    """Prints a :class:`UserError` and what the machine refused as sentences, ends with 2; lets bugs show their trace."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except UserError as error:
            for problem in error.problems:
                click.echo(str(problem), err=True)
            ctx.exit(2)
        except OSError as error:
            if (refused := mendable(error)) is None:
                raise
            click.echo(str(refused), err=True)
            ctx.exit(2)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="oneroof")
def cli() -> None:
    """Build and run a shared government cloud: one machine room for all departments."""


for _package in (
    infra.cli,
    tenants.declaration.cli,
    backup.cli,
    backup.restore.cli,
    backup.vault.cli,
    backup.escrow.cli,
    backup.evidence_cli,
    monitoring.cli,
):
    for _command in _package.COMMANDS:
        cli.add_command(_command)


def main() -> None:
    """Run the command line."""
    # A shell starts what it puts into the background deaf to SIGINT, and so would be every program started from here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    cli(prog_name="oneroof")


if __name__ == "__main__":
    main()
