"""``oneroof up``: everything, in one command."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infra.steps import Progress, Step, run_steps
from infra.up import build_steps
from tenants.installation import Installation

if TYPE_CHECKING:
    from rich.table import Table

_MARKS = {"waiting": "·", "running": "▸", "done": "✓", "failed": "✗", "left": "–"}


@click.command()
def up() -> None:
    """Build the cloud in the lab and run the main job end to end.

    Runs preflight, lab up, pulumi, image build, deploy, verify, apply, operations push, backup run, drill and report: each
    can be run alone. Interrupted or failed, the next run carries on where this one stopped.
    """
    oneroof = str(Path(sys.argv[0]).resolve())
    installation = Installation.current()
    follow(build_steps(oneroof), installation, oneroof, "up.jsonl")
    _finish(oneroof, installation)


def follow(steps: Sequence[Step], installation: Installation, oneroof: str, record: str) -> dict[str, float]:
    """Run steps with their progress shown; give what each took, in seconds, which a file of the logs keeps too.

    Ends the program where one fails.
    """
    from rich.console import Console

    # everything started from here finds the commands of this very environment first
    environment = {
        **os.environ,
        "PATH": f"{Path(oneroof).parent}:{os.environ.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
    }
    console = Console(stderr=True)
    progress: Sequence[Progress] = ()

    def seen(show: Callable[[Sequence[Progress]], object]) -> Callable[[Sequence[Progress]], None]:
        def on_change(now: Sequence[Progress]) -> None:
            nonlocal progress
            progress = now
            show(now)

        return on_change

    try:
        if console.is_terminal:
            from rich.live import Live

            with Live(console=console, refresh_per_second=4) as live:
                progress = run_steps(
                    steps,
                    installation.logs,
                    environment=environment,
                    on_change=seen(lambda p: live.update(_table(p, console.width))),
                )
        else:
            progress = run_steps(steps, installation.logs, environment=environment, on_change=seen(_Lines()))
    except KeyboardInterrupt:
        click.echo("interrupted; run it again to carry on", err=True)
        _record(installation, progress, record)
        sys.exit(130)
    if failed := [p for p in progress if p.state == "failed"]:
        for p in failed:
            click.echo(f"\n{p.step.title}: `oneroof {' '.join(p.step.argv[1:])}` failed; the end of {p.log}:", err=True)
            click.echo("".join(p.log.read_text(errors="replace").splitlines(keepends=True)[-15:]), err=True)
        click.echo("mend the cause and run it again: what is done is kept", err=True)
        _record(installation, progress, record)  # after the cause is said: there may be no room for it
        sys.exit(2 if any(p.returncode == 2 for p in failed) else 1)
    _record(installation, progress, record)
    return {p.step.name: round(p.seconds, 1) for p in progress}


class _Lines:
    """One line when a step starts and one when it ends, for logs."""

    def __init__(self) -> None:
        self._said: set[tuple[str, str]] = set()

    def __call__(self, progress: Sequence[Progress]) -> None:
        for p in progress:
            if p.state in ("running", "done", "failed") and (p.step.name, p.state) not in self._said:
                self._said.add((p.step.name, p.state))
                took = f"{p.seconds:.0f} s" if p.state != "running" else str(p.log)
                click.echo(f"{_MARKS[p.state]} {p.step.name:<10} {p.step.title} ({took})", err=True)


def _table(progress: Sequence[Progress], width: int) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 1))
    for p in progress:
        took = f"{p.seconds:.0f} s" if p.state in ("running", "done", "failed") else ""
        last = p.last_line() if p.state == "running" else ""
        style = {"done": "green", "failed": "red", "running": "bold"}.get(p.state, "dim")
        table.add_row(
            Text(_MARKS[p.state], style=style),
            Text(p.step.title, style=style),
            Text(took, style="dim"),
            Text(last[: max(10, width - 75)], style="dim", no_wrap=True),
        )
    if running := [p for p in progress if p.state == "running"]:
        table.add_row("", Text(f"log: {running[0].log}", style="dim"))
    return table


def _record(installation: Installation, progress: Sequence[Progress], name: str) -> None:
    """Keep what each step took; ``make bench`` reads it."""
    line = {
        "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "steps": {p.step.name: {"state": p.state, "seconds": round(p.seconds, 1)} for p in progress},
    }
    with (installation.logs / name).open("a") as log:
        log.write(json.dumps(line) + "\n")


def _finish(oneroof: str, installation: Installation) -> None:
    import subprocess

    subprocess.run([oneroof, "status"], check=True)
    bin_directory = Path(oneroof).parent
    click.echo(f"\nreport: {installation.reports / 'index.html'}\nnext:")
    click.echo(f"  OS_CLIENT_CONFIG_FILE={installation.clouds} {bin_directory}/openstack --os-cloud oneroof catalog list")
    click.echo(f"  {oneroof} tenants show health    # what a department asked for")
    click.echo(f"  {oneroof} plan                   # edit tenants/health.yaml first, and see what it would mean")


COMMANDS: tuple[click.Command, ...] = (up,)
