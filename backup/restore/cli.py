"""``oneroof restore``."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenants.installation import Installation
from tenants.problem import Problem, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from backup.restore.record import RestoreRecord
    from backup.restore.wish import Wish

_FAILED, _DUE, _INTERRUPTED = 1, 3, 130


@click.group()
def restore() -> None:
    """Bring data back from the vault: shown first, done with --yes, compared with its record before it counts."""


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(
        (
            click.option(
                "--at", metavar="INSTANT", help="The newest snapshot not younger than this, UTC: 2026-11-20T10:00."
            ),
            click.option("--overwrite", is_flag=True, help="Also where the target holds data."),
            click.option("--yes", is_flag=True, help="Restore."),
        )
    ):
        command = option(command)
    return command


_COPY = click.option(
    "--from",
    "copy",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIRECTORY",
    help="From a copy of `oneroof backup copy`, not from the vault; with --to alone.",
)


@restore.command()
@click.argument("department")
@click.argument("name", metavar="PROJECT/VOLUME")
@click.option("--into", metavar="PROJECT/VOLUME", help="Another volume of the department, as it is declared.")
@click.option("--to", "file", type=click.Path(path_type=Path), help="A new file on this machine instead.")
@_COPY
@_options
def volume(
    department: str,
    name: str,
    into: str | None,
    file: Path | None,
    copy: Path | None,
    at: str | None,
    overwrite: bool,
    yes: bool,
) -> None:
    """Restore a volume of DEPARTMENT: into itself or another one that no server uses, or to a file.

    Refuses a volume that holds data unless --overwrite is told; what it held is then kept beside it in Ceph. Ends with 0
    where the data is there as its record says, 1 where it is not, 3 where --yes was not told.
    """
    _one("volume", department, name, into, file, copy, at, overwrite=overwrite, yes=yes)


@restore.command()
@click.argument("department")
@click.argument("name", metavar="PROJECT/CONTAINER")
@click.option("--into", metavar="PROJECT/CONTAINER", help="Another container of the department, as it is declared.")
@click.option("--to", "folder", type=click.Path(path_type=Path), help="A new folder on this machine instead.")
@_COPY
@_options
def container(
    department: str,
    name: str,
    into: str | None,
    folder: Path | None,
    copy: Path | None,
    at: str | None,
    overwrite: bool,
    yes: bool,
) -> None:
    """Restore a container of DEPARTMENT: what is missing of it is put back, or all of it into a folder.

    Refuses where an object differs from the snapshot's unless --overwrite is told; objects that the snapshot does not have
    are left. Run again after an interruption, it puts only what is still missing.
    """
    _one("container", department, name, into, folder, copy, at, overwrite=overwrite, yes=yes)


@restore.command()
@click.argument("department")
@click.argument("name", metavar="PROJECT/DATABASE")
@click.option(
    "--suffix",
    default="_restored",
    show_default=True,
    metavar="SUFFIX",
    help="What is put behind the names of its schemas, which are made anew.",
)
@click.option("--in-place", is_flag=True, help="Into its own schemas; asks for --overwrite where they hold data.")
@_options
def database(department: str, name: str, suffix: str, in_place: bool, at: str | None, overwrite: bool, yes: bool) -> None:
    """Restore a database of DEPARTMENT into its running server: into new schemas beside the others, or in place.

    By the declared account, which needs more rights for the time of it: what it lacks is said as grants. In place, what is
    there is backed up before it goes; new schemas that are replaced are gone. What was loaded is dumped again and compared;
    what an interrupted run left is said, and removed by the next.
    """
    from backup.exchange import update_ledgers
    from backup.records import Source, load_backups
    from backup.restore.database import SUFFIX
    from backup.restore.operator import restore_into_cloud
    from backup.restore.wish import Wish, choose_one, parse_instant

    if not in_place and not SUFFIX.fullmatch(suffix):
        what = f"--suffix: got {suffix!r}, expected an underscore, then up to 40 letters, digits and underscores"
        raise UserError(Problem(what, "--in-place restores into the schemas' own names."))
    instant = parse_instant(at) if at else None
    installation = Installation.existing()
    update_ledgers(installation, _say)
    snapshot = choose_one(load_backups(installation.records), department, Source.DATABASE, name, instant)
    wish = Wish(snapshot, name if in_place else f"{name}/{suffix}", overwrite, is_live=True)
    _show_or_go_on([wish], yes=yes)
    _end(restore_into_cloud([wish], installation), 1)


@restore.command()
@click.argument("source", type=click.Choice(["image", "database"]))
@click.argument("department")
@click.argument("name", metavar="PROJECT/NAME")
@click.option("--to", "folder", type=click.Path(path_type=Path), required=True, help="A new folder on this machine.")
@_COPY
@_options
def files(
    source: str, department: str, name: str, folder: Path, copy: Path | None, at: str | None, overwrite: bool, yes: bool
) -> None:
    """Restore an image or a database of DEPARTMENT into files: the bytes with what Glance told of them, or the dump.

    The images that all departments share are `image control-plane images/shared`.
    """
    _one(source, department, name, None, folder, copy, at, overwrite=overwrite, yes=yes)


@restore.command()
@click.argument("name", metavar="DEPARTMENT")
@_options
def department(name: str, at: str | None, overwrite: bool, yes: bool) -> None:
    """Restore a whole department: its declaration is applied, then its volumes and containers are filled.

    A volume that a server uses is refused: stop and detach it first, or restore it alone into another. One that fails stops
    no other.
    """
    from backup.command import Command, attach
    from backup.exchange import update_ledgers
    from backup.records import Source, load_backups
    from backup.restore.operator import restore_into_cloud
    from backup.restore.wish import Wish, choose, parse_instant

    installation = Installation.existing()
    update_ledgers(installation, _say)
    every = choose(load_backups(installation.records), name, at=parse_instant(at) if at else None)
    found = [s for s in every if s.source in (Source.VOLUME, Source.CONTAINER)]
    for other in every:
        if other not in found:
            way = "database" if other.source is Source.DATABASE else f"files {other.source}"
            _say(f"{other.source} {other.name}: left for `oneroof restore {way} {name} {other.name}`")
    if not found:
        raise UserError(Problem(f"{name}: there is no snapshot that counts", "`oneroof backup list` shows every one."))
    wishes = [Wish(snapshot, snapshot.name, overwrite) for snapshot in found]
    _show_or_go_on(wishes, yes=yes)
    if code := attach(Command((sys.argv[0], "apply", name))):
        raise UserError(Problem(f"oneroof apply {name} ended with {code}", "Mend what it says, and run the restore again."))
    _end(restore_into_cloud(wishes, installation), len(wishes))


@restore.command()
@click.argument("departments", nargs=-1)
@click.option("--directory", type=click.Path(path_type=Path), help="Folder of the declarations and catalogue.yaml.")
@click.option("--yes", is_flag=True, help="Restore what is due.")
def requests(departments: tuple[str, ...], directory: Path | None, yes: bool) -> None:
    """Show what DEPARTMENTS, or all, ask to have back in their declarations, and how far it is; with --yes do what is due.

    Each is done once, under its name in the ledger; what was interrupted is carried on from the same snapshot. Ends with
    0 where nothing is due or all of it was done, 3 where something is due and --yes was not told, 1 where one failed.
    """
    from backup.departments import load_kept
    from backup.exchange import update_ledgers
    from backup.records import load_backups, load_records
    from backup.restore.operator import restore_into_cloud
    from backup.restore.record import RestoreRecord
    from backup.restore.requests import judge
    from backup.tables import render_requests
    from tenants.today import today

    installation = Installation.existing()
    every = load_kept(installation.records, directory)
    if unknown := sorted(set(departments) - {each.name for each in every}):
        expected = ", ".join(each.name for each in every) or "none"
        raise UserError(*(Problem(f"got department {name}, expected one of: {expected}") for name in unknown))
    update_ledgers(installation, _say)
    records = load_backups(installation.records), load_records(RestoreRecord, installation.records)
    judged = judge([each for each in every if not departments or each.name in departments], *records, today())
    if not judged:
        click.echo("no restore is asked for")
        return
    click.echo(render_requests(judged))
    due = [each.wish for each in judged if each.wish]
    if due and not yes:
        click.echo("nothing was restored: --yes does what is due", err=True)
        sys.exit(_DUE)
    if due:
        _end(restore_into_cloud(due, installation), len(due))


@restore.command(hidden=True)
@click.argument("file", type=click.Path(path_type=Path))
def here(file: Path) -> None:
    """Restore what a file lists, on the operations host."""
    from backup.restore.running import run_wishes
    from backup.restore.wish import parse_wishes

    for ending in (signal.SIGTERM, signal.SIGHUP):  # end as after Ctrl-C: programs first, then what they left
        signal.signal(ending, signal.default_int_handler)
    wishes = parse_wishes(file.read_text(encoding="utf-8"))
    try:
        _end(run_wishes(wishes, Installation.current(), _say), 0)
    finally:
        file.unlink()


def _one(
    source: str,
    department: str,
    name: str,
    into: str | None,
    path: Path | None,
    copy: Path | None,
    at: str | None,
    *,
    overwrite: bool,
    yes: bool,
) -> None:
    from backup.exchange import update_ledgers
    from backup.keys import load_keys
    from backup.records import Source, load_backups
    from backup.restore.operator import copy_store, restore_into_cloud, restore_into_files, vault_store
    from backup.restore.wish import Wish, choose_one, parse_instant
    from tenants.machines import load_machine

    if into and path:
        raise click.UsageError("--into and --to exclude each other.")
    if copy and not path:
        raise click.UsageError("--from needs --to: from a copy, data comes into files.")
    instant = parse_instant(at) if at else None
    if path is not None and path.exists() and not overwrite:
        raise UserError(Problem(f"{path} is there already, expected a new name", "--overwrite replaces it."))
    installation = Installation.existing()
    update_ledgers(installation, _say)
    snapshot = choose_one(load_backups(installation.records), department, Source(source), name, instant)
    wish = Wish(snapshot, str(path or into or name), overwrite)
    _show_or_go_on([wish], yes=yes)
    if path is None:
        _end(restore_into_cloud([wish], installation), 1)
        return
    keys = load_keys(installation)
    if department not in keys:
        raise UserError(Problem(f"{department}: its repository's password is not here, expected it in backup-keys.yml"))
    store = copy_store(copy) if copy else vault_store(load_machine(installation, "vaults"))
    _end([restore_into_files(snapshot, keys[department], store, path.resolve(), installation, _say)], 1)


def _show_or_go_on(wishes: Sequence[Wish], *, yes: bool) -> None:
    from backup.tables import render_wishes

    if not yes:
        click.echo(render_wishes(wishes))
        click.echo("nothing was restored: --yes does it", err=True)
        sys.exit(_DUE)


def _end(records: Sequence[RestoreRecord], expected: int) -> None:
    from backup.tables import render_restores

    click.echo(render_restores(records))
    if len(records) < expected or any(r.outcome == "failed" for r in records):
        sys.exit(_FAILED)


def _say(line: str) -> None:
    click.echo(line, err=True)


COMMANDS: tuple[click.Command, ...] = (restore,)
