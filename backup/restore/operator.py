"""What the operator's machine does for a restore: has the operations host bring data back, or fetches it into files."""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from backup.command import Command, Completed, run
from backup.drill import LONGEST, VAULT_DIRECTORY, render_restic
from backup.exchange import SITE_HOME, send_ledgers
from backup.keys import Keys
from backup.records import BackupRecord, Outcome, Source, append_records, load_records
from backup.remotely import run_at
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


def restore_into_files(
    snapshot: BackupRecord, keys: Keys, vault: Machine, target: Path, installation: Installation, say: Say
) -> RestoreRecord:
    """Bring a snapshot into a file (volume) or a new folder (container), from the vault's own storage; give the record."""
    wish, started_at = Wish(snapshot, str(target)), datetime.now(UTC)
    say(f"{wish.label}: restoring {snapshot.snapshot_id[:8]} from {vault.name}")
    fetch = _fetch_volume if snapshot.source is Source.VOLUME else _fetch_tree
    try:
        fetch(snapshot, keys, vault, target)
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


def fetch_tree(department: str, snapshot_id: str, password: str, vault: Machine, folder: Path) -> None:
    """Bring the files of a snapshot from the vault's own storage into a new folder, readable by its owner alone."""
    directory = str(vault.variables.get("vault_directory", VAULT_DIRECTORY))
    folder.mkdir(mode=0o700)
    packed = folder.with_name(f".{folder.name}.tar")
    try:
        script = render_restic(directory, department, "dump", "--archive", "tar", snapshot_id, "/")
        _demand(run(Command(vault.ssh(script)), stdin=password.encode(), output=packed, timeout=LONGEST), vault)
        with tarfile.open(packed) as archive:
            archive.extractall(folder, filter="tar")
    finally:
        packed.unlink(missing_ok=True)


def _fetch_volume(snapshot: BackupRecord, keys: Keys, vault: Machine, file: Path) -> None:
    directory = str(vault.variables.get("vault_directory", VAULT_DIRECTORY))
    script = render_restic(directory, snapshot.department, "dump", "--archive", "tar", snapshot.snapshot_id, "/")
    part, packed = file.with_name(f".{file.name}.part"), file.with_name(f".{file.name}.tar")
    try:
        _demand(run(Command(vault.ssh(script)), stdin=keys.restic_password.encode(), output=packed, timeout=LONGEST), vault)
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


def _fetch_tree(snapshot: BackupRecord, keys: Keys, vault: Machine, folder: Path) -> None:
    part = folder.with_name(f".{folder.name}.part")
    fetch_tree(snapshot.department, snapshot.snapshot_id, keys.restic_password, vault, part)
    check_tree(part, snapshot.sha256)
    part.replace(folder)


def _demand(ended: Completed, vault: Machine) -> None:
    if not ended.ok:
        raise NotTakenError(f"{vault.name}: {ended.reason}")
