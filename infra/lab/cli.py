"""``oneroof lab``: the machines of a cloud that has one host only; ``oneroof preflight``: can this host bear them."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from tenants.installation import Installation, cache_directory, repository, state_directory
from tenants.problem import Problem, UserError


def _home(name: str | None) -> Path:
    return state_directory() / "labs" / name if name else Installation.current().home


_lab_option = click.option("--lab", "name", metavar="NAME", help="The lab that is meant; ONEROOF_LAB, else oneroof.")


@click.group()
def lab() -> None:
    """Run the lab: Debian machines on this host, with addresses of their own."""


@lab.command()
@_lab_option
@click.option("--topology", metavar="TOPOLOGY", help="Which machines: a file of infra/lab/topologies. [default: one]")
@click.option("--network", metavar="CIDR", help="Its network, /16 to /20. [default: the first free from 10.88.0.0/16]")
def up(name: str | None, topology: str | None, network: str | None) -> None:
    """Bring the machines up, from whatever state; their data is kept."""
    from infra import preflight
    from infra.lab.address import parse_network
    from infra.lab.lab import bring_up
    from infra.lab.progress import TerminalTalk
    from infra.lab.record import Lab

    home = _home(name)
    told = parse_network(network) if network else None
    preflight.require(preflight.needs_of(home, cache_directory(), topology, told), install=False)
    failed = bring_up(Lab(home), cache_directory(), repository() / "playbooks", TerminalTalk(), topology=topology, told=told)
    _print_status(home, as_json=False)
    if broken := {machine: units for machine, units in failed.items() if units}:
        for machine, units in broken.items():
            click.echo(f"{machine}: {len(units)} units failed: {', '.join(units)}", err=True)
            click.echo(f"  HINT: oneroof lab logs {machine} --unit {units[0]}", err=True)
        sys.exit(1)


@lab.command()
@_lab_option
def down(name: str | None) -> None:
    """Power the machines off and leave nothing running or mounted; their data is kept."""
    from infra.lab.lab import take_down
    from infra.lab.progress import TerminalTalk
    from infra.lab.record import Lab

    for machine in take_down(Lab(_home(name)), cache_directory(), TerminalTalk()):
        click.echo(f"{machine} did not power off in time and was killed", err=True)


@lab.command()
@_lab_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(name: str | None, yes: bool) -> None:
    """Delete the lab with all its data: machines, secrets, state, records, reports."""
    from infra.lab.lab import forget
    from infra.lab.progress import TerminalTalk
    from infra.lab.record import Lab

    home = _home(name)
    if not Lab(home).file.exists():
        raise Installation(home).absent()
    if not yes:
        click.confirm(f"Delete the lab {home.name} with every volume, secret and record in {home}?", abort=True, err=True)
    forget(Lab(home), cache_directory(), TerminalTalk())


@lab.command()
@_lab_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def status(name: str | None, as_json: bool) -> None:
    """Show the machines: addresses, memory, since when they run."""
    _print_status(_home(name), as_json)


def _print_status(home: Path, as_json: bool) -> None:
    from infra.lab.status import collect_status

    found = collect_status(home)
    if found is None:
        raise Installation(home).absent()
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=2))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title=f"lab {found.name}, {found.network}, floating {found.external_network}", title_justify="left", box=box.SIMPLE
    )
    for heading in ("machine", "address", "running", "memory", "groups"):
        table.add_column(heading, justify="right" if heading == "memory" else "left")
    for machine in found.machines:
        memory = f"{machine.memory_bytes / 2**20:.0f} MiB" if machine.memory_bytes is not None else ""
        state = _ago(machine.started_at) if machine.started_at else "off"
        table.add_row(machine.name, machine.address, state, memory, ", ".join(machine.groups))
    Console().print(table)


def _ago(instant: str) -> str:
    minutes = int((datetime.now(UTC) - datetime.fromisoformat(instant)).total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


@lab.command(context_settings={"ignore_unknown_options": True})
@_lab_option
@click.argument("machine")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def ssh(name: str | None, machine: str, command: tuple[str, ...]) -> None:
    """Open a shell on a machine, or run a command there."""
    from infra.lab.inventory import ssh_of

    home = _home(name)
    address = _running_address(home, machine)
    options = ssh_of(Installation(home)).options()
    os.execvp("ssh", ["ssh", *options, f"root@{address}", *command])  # noqa: S606 - the terminal is ssh's from here on


@lab.command()
@_lab_option
@click.argument("machine")
@click.option("--unit", "-u", help="Of one systemd unit.")
@click.option("--follow", "-f", is_flag=True, help="Go on as they come.")
@click.option("--lines", "-n", default=200, show_default=True, help="How many of the newest.")
def logs(name: str | None, machine: str, unit: str | None, follow: bool, lines: int) -> None:
    """Show what a machine logged; also of one that is off."""
    from infra.lab.inventory import ssh_of
    from infra.lab.status import collect_status

    home = _home(name)
    journal = [
        "journalctl",
        "--no-pager",
        f"--lines={lines}",
        *([f"--unit={unit}"] if unit else []),
        *(["-f"] if follow else []),
    ]
    found = collect_status(home)
    seen = next((one for one in found.machines if one.name == machine), None) if found else None
    if seen and not seen.running:
        directory = home / "machines" / machine / "upper/var/log/journal"
        os.execvp("journalctl", [*journal, f"--directory={directory}"])  # noqa: S606 - its output is ours
    address = _running_address(home, machine)
    os.execvp("ssh", ["ssh", *ssh_of(Installation(home)).options(), f"root@{address}", *journal])  # noqa: S606 - same


def _running_address(home: Path, machine: str) -> str:
    from infra.lab.status import collect_status

    found = collect_status(home)
    if found is None:
        raise Installation(home).absent()
    key = Installation(home).home / "ssh" / "id_ed25519"
    if key.parent.exists() and not os.access(key, os.R_OK):
        raise UserError(Problem("this user may not read it", "Run it as its owner: root.", key))
    for one in found.machines:
        if one.name == machine and one.running:
            return one.address
    known = ", ".join(f"{one.name} ({'runs' if one.running else 'off'})" for one in found.machines)
    hint = "" if found.running else "`oneroof lab up` starts what is off."
    raise UserError(Problem(f"machine: got {machine}, expected one that runs: {known}", hint))


@click.command()
@_lab_option
@click.option("--install", is_flag=True, help="Install missing tools with apt-get; only where nothing else is wrong.")
def preflight(name: str | None, install: bool) -> None:
    """Check that this host can bear the lab; every problem in one list."""
    from infra import preflight as checks

    done = checks.require(checks.needs_of(_home(name), cache_directory(), None, None), install=install)
    click.echo(done)


COMMANDS: tuple[click.Command, ...] = (lab, preflight)
