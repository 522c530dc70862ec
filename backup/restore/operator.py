"""What the operator's machine does for a restore: has the operations host bring data back, or fetches it into files."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from backup.command import Command, Completed, run
from backup.drill import LONGEST, VAULT_DIRECTORY, render_restic
from backup.exchange import SITE_HOME, send_ledgers
from backup.keys import Keys
from backup.records import BackupRecord, Outcome, Source, append_records, load_records
from backup.remotely import run_at
from backup.restic import parse_originals
from backup.restore.container import check_tree
from backup.restore.record import RestoreRecord
from backup.restore.running import failed, restored
from backup.restore.volume import Written
from backup.restore.wish import Wish, render_wishes
from backup.sources.stored_volume import StoredVolume, StoredVolumeError
from backup.sources.taken import NotTakenError, Say
from tenants.installation import Installation
from tenants.machines import Machine, load_machine
from tenants.problem import Problem, UserError


def restore_into_cloud(wishes: Sequence[Wish], installation: Installation) -> tuple[RestoreRecord, ...]:
    """Have the operations host restore; give the records that this made. Raises :class:`UserError` where it cannot begin."""
    host = load_machine(installation, "operations")
    before = set(load_records(RestoreRecord, installation.records))
    wishes_file = f"{SITE_HOME}/restore-{uuid4().hex}.jsonl"  # its own, as several restores may be told at once
    told = run(Command(host.ssh(f"umask 077 && cat > {wishes_file}")), stdin=render_wishes(wishes).encode())
    if not told.ok:
        raise UserError(Problem(f"{host.name}: {told.reason}"))
    run_at(host, ("restore", "here", wishes_file), "the restore", installation)
    made = (r for r in load_records(RestoreRecord, installation.records) if r not in before)
    return tuple(r for r in made if r.outcome is not Outcome.PENDING)


@dataclass(frozen=True)
class Store:
    """Where repositories lie, one folder a department, and how restic is run there."""

    name: str
    reach: Callable[[str], tuple[str, ...]]
    """Gives the command line that runs a shell script there."""
    directory: str
    is_copy: bool = False
    """Whether snapshots have ids of its own, and the vault's are told beside them."""


def vault_store(vault: Machine) -> Store:
    """Give the vault's own storage, reached by ssh."""
    return Store(vault.name, vault.ssh, str(vault.variables.get("vault_directory", VAULT_DIRECTORY)))


def copy_store(directory: Path) -> Store:
    """Give copies on this machine, of `oneroof backup copy`."""
    return Store(str(directory), lambda script: ("sh", "-c", script), str(directory.resolve()), is_copy=True)


def restore_into_files(
    snapshot: BackupRecord, keys: Keys, store: Store, target: Path, installation: Installation, say: Say
) -> RestoreRecord:
    """Bring a snapshot into a file (volume) or a new folder (container), from a store of repositories; give the record."""
    wish, started_at = Wish(snapshot, str(target)), datetime.now(UTC)
    say(f"{wish.label}: restoring {snapshot.snapshot_id[:8]} from {store.name}")
    fetch = _fetch_volume if snapshot.source is Source.VOLUME else _fetch_tree
    try:
        here = replace(snapshot, snapshot_id=find_id(snapshot, keys.restic_password, store))
        fetch(here, keys, store, target)
    except (NotTakenError, OSError) as error:
        record = failed(wish, started_at, str(error))
    else:
        record = restored(wish, started_at, Written(snapshot.bytes, snapshot.sha256))
    append_records(installation.records, [record])
    try:
        send_ledgers(installation, load_machine(installation, "operations"))
    except UserError as error:
        say(str(error))
    return record


def find_id(snapshot: BackupRecord, password: str, store: Store) -> str:
    """Give the id that a snapshot has in a store; in a copy it is another one. Raises :class:`NotTakenError`."""
    if not store.is_copy:
        return snapshot.snapshot_id
    script = render_restic(store.directory, snapshot.department, "snapshots", "--json")
    listed = run(Command(store.reach(script)), stdin=password.encode())
    _demand(listed, store)
    try:
        return parse_originals(listed.stdout)[snapshot.snapshot_id]
    except KeyError as error:
        raise NotTakenError(f"{store.name} does not hold snapshot {snapshot.snapshot_id[:8]}") from error


def fetch_tree(department: str, snapshot_id: str, password: str, store: Store, folder: Path) -> None:
    """Bring the files of a snapshot from a store into a new folder, readable by its owner alone."""
    folder.mkdir(mode=0o700)
    packed = folder.with_name(f".{folder.name}.tar")
    try:
        script = render_restic(store.directory, department, "dump", "--archive", "tar", snapshot_id, "/")
        _demand(run(Command(store.reach(script)), stdin=password.encode(), output=packed, timeout=LONGEST), store)
        with tarfile.open(packed) as archive:
            archive.extractall(folder, filter="tar")
    finally:
        packed.unlink(missing_ok=True)


def _fetch_volume(snapshot: BackupRecord, keys: Keys, store: Store, file: Path) -> None:
    script = render_restic(store.directory, snapshot.department, "dump", "--archive", "tar", snapshot.snapshot_id, "/")
    part, packed = file.with_name(f".{file.name}.part"), file.with_name(f".{file.name}.tar")
    try:
        ended = run(Command(store.reach(script)), stdin=keys.restic_password.encode(), output=packed, timeout=LONGEST)
        _demand(ended, store)
        part.touch(mode=0o600)
        with packed.open("rb") as tar, part.open("wb") as stream:
            volume = StoredVolume(tar)
            volume.write(stream)
        if (volume.size, volume.sha256) != (snapshot.bytes, snapshot.sha256):
            raise NotTakenError(f"the snapshot gave {volume.sha256[:16]}…, its record says {snapshot.sha256[:16]}…")
        part.replace(file)
    except StoredVolumeError as error:
        raise NotTakenError(str(error)) from error
    finally:
        part.unlink(missing_ok=True)
        packed.unlink(missing_ok=True)


def _fetch_tree(snapshot: BackupRecord, keys: Keys, store: Store, folder: Path) -> None:
    part = folder.with_name(f".{folder.name}.part")
    fetch_tree(snapshot.department, snapshot.snapshot_id, keys.restic_password, store, part)
    check_tree(part, snapshot.sha256)
    part.replace(folder)


def _demand(ended: Completed, store: Store) -> None:
    if not ended.ok:
        raise NotTakenError(f"{store.name}: {ended.reason}")
