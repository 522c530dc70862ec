"""``oneroof restore everything`` and its steps."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from backup.restore.cli import restore
from tenants.installation import Installation, repository
from tenants.problem import Problem, UserError

_DUE = 3
LOG = "recovery.jsonl"
"""Under the logs: a line a run, with what each step took."""
_AT = click.option(
    "--at", metavar="INSTANT", default="", help="As of then, UTC: 2026-11-20T10:00; else the newest there is."
)
_VAULT = click.option("--vault", metavar="ADDRESS", default="", help="The vault's machine, where no inventory names it.")


@restore.command()
@click.argument("shares", nargs=-1, required=True, type=click.Path(path_type=Path))
@_VAULT
@_AT
@click.option("--yes", is_flag=True, help="Begin, or carry on.")
def everything(shares: tuple[Path, ...], vault: str, at: str, yes: bool) -> None:
    """Bring the whole cloud back from the vault, SHARES of the escrow and this repository, onto empty machines.

    For when the first site is gone, and with it perhaps all that the operator's machine knew: keys, control plane, images,
    volumes, servers and containers come back with their ids. Interrupted or failed, the next run carries on.
    """
    from backup.escrow.sealing import combine
    from backup.escrow.share import load_share
    from backup.records import Outcome, append_records
    from backup.restore.record import RecoveryStepsRecord
    from backup.tables import render_steps
    from infra.lab.record import Lab
    from infra.recovery.steps import build_steps
    from infra.up_cli import follow

    installation = Installation.current()
    if installation.secrets.exists() and not (installation.home / "recovery").is_dir():
        hint = "A lost volume or department comes back by `oneroof restore volume` or `department`."
        raise UserError(
            Problem("this home has an installation, expected one in which nothing is left", hint, installation.home)
        )
    oneroof = str(Path(sys.argv[0]).resolve())
    combine([load_share(share).words for share in shares])  # wrong or too few of them are said before anything begins
    files = [str(share.resolve()) for share in shares]
    steps = build_steps(oneroof, files, vault=vault, at=at, in_lab=Lab(installation.home).file.exists())
    if not yes:
        for step in steps:
            click.echo(f"{step.name:<14} {step.title}")
        click.echo("nothing was restored: --yes does it", err=True)
        sys.exit(_DUE)
    began, kept = datetime.now(UTC), installation.logs / LOG
    earlier = len(kept.read_text(encoding="utf-8").splitlines()) if kept.exists() else 0
    seconds = follow(steps, installation, oneroof, LOG)
    record = RecoveryStepsRecord(began, datetime.now(UTC), seconds, earlier, Outcome.VERIFIED)
    append_records(installation.records, [record])
    click.echo(render_steps(record))


@restore.command()
@_VAULT
@_AT
def home(vault: str, at: str) -> None:
    """Make the operator's home again from the control plane's newest snapshot, and write down what is to be restored."""
    from backup.jobs import load_jobs
    from backup.restore.home import restore_home
    from backup.restore.site import find_vault
    from backup.restore.wish import parse_instant
    from backup.tables import render_wishes

    installation = Installation.current()
    machine = find_vault(installation, vault or None)
    if machine is None:
        raise UserError(Problem("no inventory names the vault's machine", "--vault ADDRESS does."))
    wishes = restore_home(installation, machine, repository(), load_jobs(), parse_instant(at) if at else None, _say)
    click.echo(render_wishes(wishes))


@restore.command("control-plane")
def control_plane() -> None:
    """Put databases, keys and networks back onto machines on which `oneroof deploy` just made an empty cloud.

    Refuses a cloud that has departments. Their computes stay off until `oneroof restore servers`.
    """
    from backup.plan import CONTROL_PLANE
    from backup.restore.control_plane import restore_control_plane
    from backup.restore.home import load_wishes, recovery_folder

    installation = Installation.existing()
    load_wishes(installation)
    restore_control_plane(installation, recovery_folder(installation) / CONTROL_PLANE, _say)


@restore.command()
def images() -> None:
    """Put the images back into Ceph under their ids: from the vault, else from this machine's guest images."""
    from backup.records import Source
    from infra.recovery.data import restore_lost
    from infra.recovery.images import restore_images

    installation = Installation.existing()
    restored = restore_lost(installation, Source.IMAGE)
    for image in restore_images(installation, _say):
        _say(f"image {image.name} ({image.identifier}): is in no backup, and no guest image here has its content")
    sys.exit(0 if restored else 1)


@restore.command()
def volumes() -> None:
    """Restore every volume of the recovery by its id; those that were left out of backups come back empty."""
    from backup.records import Source
    from infra.recovery.data import restore_lost, restore_unsaved

    installation = Installation.existing()
    restored = restore_lost(installation, Source.VOLUME)
    for line in restore_unsaved(installation):
        click.echo(line)
    sys.exit(0 if restored else 1)


@restore.command()
def containers() -> None:
    """Restore every container of the recovery: what is missing of it is put back."""
    from backup.records import Source
    from infra.recovery.data import restore_lost

    sys.exit(0 if restore_lost(Installation.existing(), Source.CONTAINER) else 1)


@restore.command()
def servers() -> None:
    """Start the computes; make every server whose disk is gone again from its image, with its id, addresses and volumes."""
    from infra.provider.serving import cloud_of
    from infra.recovery.servers import restore_servers
    from infra.site import open_site

    installation = Installation.existing()
    site = open_site(installation, cloud="oneroof", external_network="public", tell=_say)
    failed = restore_servers(installation, cloud_of(site.engine.provider_environment()), _say)
    for sentence in failed:
        _say(sentence)
    sys.exit(1 if failed else 0)


@restore.command()
def finish() -> None:
    """See that nothing is left to change and every volume and container is back, record it, and let backups begin again."""
    from infra.recovery.data import finish_recovery

    sys.exit(0 if finish_recovery(Installation.existing(), repository(), _say) else 1)


def _say(line: str) -> None:
    click.echo(line, err=True)


COMMANDS: tuple[click.Command, ...] = (restore,)
