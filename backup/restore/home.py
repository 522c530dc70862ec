"""The operator's home made again, from the newest control-plane snapshot in the vault's own storage.

What is to be restored is written down once, at the beginning: what a half-restored cloud backs up meanwhile is never taken.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from backup.command import Command, run
from backup.drill import VAULT_DIRECTORY, render_restic
from backup.history import BUNDLE, bundled_commit, has_commit
from backup.keys import load_keys, store_keys
from backup.ledger import FOLDER
from backup.plan import CONTROL_PLANE, Job
from backup.records import Source, load_backups
from backup.restic import parse_snapshot_ids
from backup.restore.container import check_tree
from backup.restore.operator import fetch_tree, vault_store
from backup.restore.wish import Wish, choose, parse_wishes, render_wishes
from backup.sources.taken import SUMS, NotTakenError, Say
from tenants.installation import Installation
from tenants.machines import Machine
from tenants.problem import Problem, UserError
from tenants.writing import write_private

COPIED = ("pulumi", "secrets.yml", "database-passwords.yml", "departments", "escrow.json", "inventory", BUNDLE)
"""Out of ``operator/``, in this order, each only where the home has none."""


RESTORED = (Source.VOLUME, Source.CONTAINER, Source.IMAGE)
"""Into the cloud. Databases live on volumes; their dumps are for who wants one alone."""


def recovery_folder(installation: Installation) -> Path:
    """Give the folder of a recovery that is under way; removed when it is done."""
    return installation.home / "recovery"


def wishes_file(installation: Installation) -> Path:
    """Give the file of what the recovery restores."""
    return recovery_folder(installation) / "wishes.jsonl"


def load_wishes(installation: Installation) -> tuple[Wish, ...]:
    """Read what the recovery restores; raise :class:`UserError` where none began."""
    file = wishes_file(installation)
    if not file.exists():
        raise UserError(Problem("no recovery is under way in this home", "`oneroof restore everything` begins one.", file))
    return parse_wishes(file.read_text(encoding="utf-8"))


def restore_home(
    installation: Installation, vault: Machine, root: Path, jobs: Iterable[Job], at: datetime | None, say: Say
) -> tuple[Wish, ...]:
    """Make the home again and give what is to be restored into the cloud; what is done already is left alone.

    Raises :class:`UserError` where the repository in ``root`` is older than the one that was backed up.
    """
    keys = load_keys(installation)
    if CONTROL_PLANE not in keys:
        raise UserError(
            Problem("the keys of the control plane's repository are not here", "`oneroof escrow combine` first.")
        )
    tree = recovery_folder(installation) / CONTROL_PLANE
    if not tree.is_dir():
        _fetch(tree, keys[CONTROL_PLANE].restic_password, vault, at, say)
    for name in COPIED:
        _copy(tree / "operator" / name, installation.home / name)
    demand_history(root, installation.home / BUNDLE, say)
    _copy(tree / "operator" / "records" / "sharing.jsonl", installation.records / "sharing.jsonl")
    for ledger in {file.name for folder in _ledgers(tree) for file in folder.glob("*.jsonl")}:
        copies = [folder / ledger for folder in _ledgers(tree) if (folder / ledger).exists()]
        _copy(max(copies, key=lambda copy: copy.stat().st_size), installation.records / FOLDER / ledger)
    held = load_keys(installation, tree / "operator" / "backup-keys.yml")
    if held.keys() - keys.keys():
        store_keys(installation, {**held, **keys})
    if not wishes_file(installation).exists():
        declared = {(job.department, job.source, job.name) for job in jobs}
        records = load_backups(installation.records)
        found = [s for name in sorted({key[0] for key in declared}) for s in choose(records, name, at=at)]
        found = [snapshot for snapshot in found if snapshot.source in RESTORED]
        wishes = [Wish(s, s.name, is_lost=True) for s in found if (s.department, s.source, s.name) in declared]
        write_private(wishes_file(installation), render_wishes(wishes))
    return load_wishes(installation)


def demand_history(root: Path, bundle: Path, say: Say) -> None:
    """Raise :class:`UserError` unless the repository in ``root`` has what was declared when the backup was made.

    Departments that an older one does not know would not come back. A backup without history is said.
    """
    commit = bundled_commit(bundle)
    if not commit:
        say(f"{root}: whether all that was declared is here is not known: the backup has no git history")
    elif not has_commit(root, commit):
        hint = f"`git -C {root} pull {bundle} HEAD` brings it; or `git clone {bundle}`, and run it from there."
        raise UserError(Problem(f"commit {commit[:12]}, which the backup is of, is not in it", hint, root))


def _fetch(tree: Path, password: str, vault: Machine, at: datetime | None, say: Say) -> None:
    """Bring the newest whole snapshot; one that is damaged is said, and the one before it taken."""
    directory = str(vault.variables.get("vault_directory", VAULT_DIRECTORY))
    listed = run(Command(vault.ssh(render_restic(directory, CONTROL_PLANE, "snapshots", "--json"))), stdin=password.encode())
    if not listed.ok:
        raise UserError(Problem(f"{vault.name}: {listed.reason}"))
    for snapshot in reversed(parse_snapshot_ids(listed.stdout, until=at)):
        part = tree.with_name(f".{tree.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        say(f"control-plane: fetching {snapshot[:8]} from {vault.name}")
        try:
            fetch_tree(CONTROL_PLANE, snapshot, password, vault_store(vault), part)
            # its own record is in no ledger that outlived: it is held against its own sums
            check_tree(part, hashlib.sha256((part / SUMS).read_bytes()).hexdigest())
        except (NotTakenError, OSError) as error:
            say(f"control-plane: {snapshot[:8]} cannot be used: {error}")
            continue
        part.replace(tree)
        return
    raise UserError(Problem(f"{vault.name} has no snapshot of the control plane that can be used"))


def _ledgers(tree: Path) -> tuple[Path, ...]:
    return (tree / "ledger", tree / "operator" / "records" / FOLDER)


def _copy(source: Path, target: Path) -> None:
    if not source.exists() or target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy2(source, target)
