"""What the operator's machine does for a copy: it alone has the passwords, and a place to put a disk."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from backup.copies.copying import Copying, copy_repository, find_place
from backup.copies.record import CopyRecord
from backup.exchange import send_ledgers, update_ledgers
from backup.keys import Keys, load_keys
from backup.opening import find_repository, probe_version
from backup.restic import Repository
from backup.runner import alone
from backup.sources.taken import NotTakenError, Say
from tenants.installation import Installation
from tenants.machines import Machine, load_machine
from tenants.problem import UserError
from tenants.writing import write_private

PORT = 8000
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own in it, readable by its owner alone
"""Where passwords lie while restic reads them: gone with the power."""


def copy_from_operator(
    departments: Sequence[str], directory: Path, installation: Installation, say: Say, *, everything: bool
) -> Iterator[tuple[str, CopyRecord | str]]:
    """Copy each department's proven snapshots below a directory; give its record, or why none was begun.

    One that fails stops no other. Raises :class:`UserError` where the directory cannot be used, or there is no restic here.
    """
    place, version = find_place(directory), probe_version(say)
    vault, keys = load_machine(installation, "vaults"), load_keys(installation)
    update_ledgers(installation, say)
    who = f"{getpass.getuser()}@{socket.gethostname()}"
    try:
        for department in departments:
            known = find_repository(installation.records, department)
            if known is None or department not in keys:
                yield department, "it has no repository in the vault yet: `oneroof backup run` makes it"
                continue
            with (
                alone(installation.home / "locks", f"copy-{department}"),
                _reached(department, keys[department], vault, place / department, installation) as (source, target),
            ):
                source, target = replace(source, version=version), replace(target, version=version)
                copying = Copying(source, target, place / department, f"{socket.gethostname()}:{place}", who)
                try:
                    yield department, copy_repository(copying, known, installation.records, say, everything=everything)
                except NotTakenError as error:
                    yield department, str(error)
    finally:
        _tell(installation, say)


@contextmanager
def _reached(
    department: str, keys: Keys, vault: Machine, target: Path, installation: Installation
) -> Iterator[tuple[Repository, Repository]]:
    """Give the vault's repository and the copy's, for the time of the block."""
    address = f"{vault.variables.get('management_address', vault.address)}:{vault.variables.get('vault_port', PORT)}"
    with TemporaryDirectory(prefix="oneroof-copy-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        password, here, there = (Path(folder) / name for name in ("password", "here", "there"))
        write_private(password, keys.restic_password)
        write_private(here, f"rest:https://{department}:{keys.vault_password}@{address}/{department}/")
        write_private(there, str(target))
        cache = installation.home / "cache" / "restic" / department
        authority = installation.ca_certificate
        yield (
            Repository(department, here, password, authority, cache),
            Repository(department, there, password, authority, cache),
        )


def _tell(installation: Installation, say: Say) -> None:
    try:
        send_ledgers(installation, load_machine(installation, "operations"))
    except UserError as error:
        say(f"{error}\nThe record is on this machine; the next copy or drill brings it there.")
