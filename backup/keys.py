"""Passwords of the repositories: made on the operator's side, kept encrypted there, installed where backups run.

Each department has a repository of its own with two random passwords: one opens the vault's door, one the data. They are
independent, so that a department's data can be handed over or made unreadable alone. ``backup-keys.yml`` in the
installation's home, encrypted by ansible-vault with the installation's key, is the copy that outlives both sites.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from backup.restic import Repository
from tenants.installation import Installation
from tenants.problem import Problem, UserError
from tenants.writing import write_private

DIRECTORY = Path("/etc/oneroof/restic")
"""On the operations host: one folder a department, readable by root alone."""
CA_CERTIFICATE = Path("/etc/oneroof/tls/ca.pem")
VARIABLE = "backup_repositories"


@dataclass(frozen=True)
class Keys:
    """The two passwords of one repository."""

    vault_password: str
    restic_password: str

    def __repr__(self) -> str:
        return "Keys(…)"


def keys_file(installation: Installation) -> Path:
    """Give the encrypted file of all passwords."""
    return installation.home / "backup-keys.yml"


def make_keys(known: Mapping[str, Keys], departments: Iterable[str]) -> dict[str, Keys]:
    """Give the keys with new ones for departments that have none; nothing known is changed or left out."""
    made = {name: Keys(secrets.token_urlsafe(32), secrets.token_urlsafe(32)) for name in departments}
    return made | dict(known)


def load_keys(installation: Installation, file: Path | None = None) -> dict[str, Keys]:
    """Decrypt the passwords, of a copy where one is told; none where the file is not there yet."""
    file = file or keys_file(installation)
    if not file.exists():
        return {}
    from ansible.errors import AnsibleError  # here: takes a second, and most commands need no secret

    try:
        text = _vault(installation).decrypt(file.read_bytes())
    except AnsibleError as error:
        hint = f"The key is {installation.secrets_key}."
        raise UserError(Problem("the passwords of the repositories cannot be decrypted", hint, file)) from error
    values = yaml.safe_load(text)[VARIABLE]
    return {name: Keys(**pair) for name, pair in values.items()}


def store_keys(installation: Installation, keys: Mapping[str, Keys]) -> None:
    """Encrypt the passwords and replace the file as a whole."""
    pairs = {name: {"vault_password": k.vault_password, "restic_password": k.restic_password} for name, k in keys.items()}
    text = yaml.safe_dump({VARIABLE: pairs}, sort_keys=True)
    write_private(keys_file(installation), _vault(installation).encrypt(text))


def install_repositories(repositories: Mapping[str, Mapping[str, str]], directory: Path, *, dry_run: bool) -> list[str]:
    """Write ``repository`` and ``password`` of each department (0600); give the files that changed or would change.

    Folders of departments that are no longer told are removed: without them nothing is backed up, and nothing is lost.
    """
    changed: list[str] = []
    if not dry_run:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, values in sorted(repositories.items()):
        for file_name in ("repository", "password"):
            file, data = directory / name / file_name, values[file_name].encode()
            if file.exists() and file.read_bytes() == data:
                continue
            changed.append(str(file))
            if not dry_run:
                write_private(file, data)
    for folder in sorted(directory.iterdir()) if directory.is_dir() else ():
        if folder.name not in repositories:
            changed.append(str(folder))
            if not dry_run:
                shutil.rmtree(folder)
    return changed


def parse_repositories(text: str) -> dict[str, dict[str, str]]:
    """Read ``{department: {repository, password}}`` as the role gives it; raise :class:`UserError` for anything else."""
    try:
        return {str(name): {k: str(v[k]) for k in ("repository", "password")} for name, v in json.loads(text).items()}
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        what = "standard input: expected JSON such as {department: {repository: …, password: …}}"
        raise UserError(what) from error


def installed_repository(department: str, cache: Path, directory: Path = DIRECTORY) -> Repository:
    """Give the repository of a department as installed on this host; raise :class:`UserError` where it is not."""
    folder = directory / department
    repository = Repository(department, folder / "repository", folder / "password", CA_CERTIFICATE, cache / department)
    if not (repository.repository_file.is_file() and repository.password_file.is_file()):
        raise UserError(
            Problem(
                f"{department}: this host has no repository for it, expected {folder}",
                "Run the playbook again (roles vault and backup): it makes what new departments need.",
            )
        )
    return repository


def _vault(installation: Installation) -> Any:
    from ansible.parsing.vault import VaultLib, VaultSecret

    key = installation.secrets_key
    if not key.is_file():
        raise UserError(Problem(f"{key}: the key of this installation's secrets is not there", "oneroof up makes it."))
    return VaultLib([("default", VaultSecret(key.read_bytes().strip()))])


def encrypt(installation: Installation, text: str) -> bytes:
    """Encrypt other secrets of backups with the installation's key."""
    return bytes(_vault(installation).encrypt(text))


def decrypt(installation: Installation, data: bytes) -> str:
    """Give what :func:`encrypt` was told; raise :class:`UserError` where the key is another one."""
    from ansible.errors import AnsibleError

    try:
        return str(_vault(installation).decrypt(data).decode())
    except AnsibleError as error:
        raise UserError(
            Problem("a secret of backups cannot be decrypted", f"The key is {installation.secrets_key}.")
        ) from error
