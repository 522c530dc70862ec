"""``oneroof escrow``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tenants.installation import Installation
from tenants.problem import Problem, UserError

_SHARES = click.argument("shares", nargs=-1, required=True, type=click.Path(path_type=Path))


@click.group()
def escrow() -> None:
    """Keep the keys of all backups with several holders, of whom some together open them when all else is lost."""


@escrow.command()
@click.option("--shares", type=click.IntRange(2, 16), default=5, show_default=True, help="How many holders.")
@click.option("--threshold", type=click.IntRange(2, 16), default=3, show_default=True, help="How many of them open it.")
@click.option("--holder", "holders", multiple=True, metavar="ROLE", help="Who gets each share, by role: one time a share.")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="New folder for the shares' files.")
def split(shares: int, threshold: int, holders: tuple[str, ...], output: Path) -> None:
    """Make the shares, one file for each holder; what they open is sealed and kept at the vault too.

    Give each file to its holder and delete it here: it cannot be written again. A later split makes the shares before void.
    """
    from backup.escrow.work import split_escrow

    if holders and len(holders) != shares:
        raise UserError(Problem(f"got {len(holders)} holders for {shares} shares, expected one for each"))
    if output.exists():
        raise UserError(Problem(f"{output} is there already, expected a new folder"))
    named = holders or tuple(f"holder {number}" for number in range(1, shares + 1))
    made = split_escrow(Installation.existing(), output, threshold, named, _say)
    click.echo(f"{shares} shares in {output}, any {threshold} of them open {len(made.repositories)} repositories")
    _say("Give each file to its holder, then delete the folder; `oneroof escrow drill` shows that they open it.")


@escrow.command()
def seal() -> None:
    """Seal the keys there are now, for the holders there are: no share changes. Backups do it by themselves."""
    from backup.escrow.work import seal_escrow

    made = seal_escrow(Installation.existing(), _say)
    click.echo(f"version {made.version} holds the passwords of {len(made.repositories)} repositories")


@escrow.command()
def status() -> None:
    """Show what is in escrow; ends with 1 where it would not bring back what there is now."""
    from datetime import UTC, datetime

    from backup.escrow.bundle import collect_bundle
    from backup.escrow.record import EscrowRecord, find_outdated, load_escrow
    from backup.records import load_records

    installation = Installation.existing()
    known = load_escrow(installation)
    now = collect_bundle(installation, 1, datetime.now(UTC))
    if known is not None:
        click.echo(f"shares: {known.threshold} of {known.shares}, split {known.split_at}")
        click.echo(f"sealed: version {known.version}, {known.sealed_at}, {len(known.repositories)} repositories")
        drills = [r for r in load_records(EscrowRecord, installation.records) if r.what == "drill"]
        told = f"{drills[-1].outcome}, {drills[-1].ended_at:%Y-%m-%d %H:%M}Z" if drills else "never"
        click.echo(f"drill:  {told}")
    outdated = find_outdated(known, now.repositories, now.digest)
    for sentence in outdated:
        _say(sentence)
    if known is not None and outdated:
        _say("  HINT: `oneroof escrow seal` mends it; the holders need not be asked.")
    sys.exit(1 if outdated else 0)


@escrow.command()
@_SHARES
@click.option("--vault", metavar="ADDRESS", help="The vault's machine, where the home does not know it.")
def combine(shares: tuple[Path, ...], vault: str | None) -> None:
    """Open the escrow with SHARES and put its keys back into the home; what is there already is never replaced."""
    from backup.escrow.bundle import install_bundle
    from backup.escrow.work import open_shares
    from backup.restore.site import find_vault

    installation = Installation.current()
    bundle, *older = open_shares(shares, find_vault(installation, vault), installation.name)
    installation.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for line in install_bundle(bundle, installation, older):
        click.echo(line)
    _say(f"version {bundle.version} of {bundle.sealed_at:%Y-%m-%d %H:%M}Z, {len(bundle.repositories)} repositories")


@escrow.command()
@_SHARES
def drill(shares: tuple[Path, ...]) -> None:
    """Open every repository at the vault with what SHARES give, and nothing of this home; recorded with its time."""
    from backup.escrow.work import drill_escrow

    record = drill_escrow(Installation.existing(), shares, _say)
    took = (record.ended_at - record.started_at).total_seconds()
    click.echo(f"{record.outcome}: {len(record.repositories)} repositories opened in {took:.1f} s")
    if record.reason:
        _say(record.reason)
        sys.exit(1)


def _say(line: str) -> None:
    click.echo(line, err=True)


COMMANDS: tuple[click.Command, ...] = (escrow,)
