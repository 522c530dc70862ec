"""The generated passwords of an installation: made once, encrypted in its home by ansible-vault, never shown.

The key lies outside the home (:attr:`tenants.installation.Installation.secrets_key`), so that a copy of the home alone
opens nothing. What exists is never made anew: running again only adds what the playbooks newly declare.
"""

from __future__ import annotations

import base64
import secrets
import string
import struct
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from tenants.installation import Installation, repository
from tenants.problem import Problem, UserError
from tenants.writing import write_private

_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class DeclaredSecret:
    """One line of ``playbooks/secrets.yaml``."""

    name: str
    kind: str
    what: str


def _password() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(32))  # 190 bits; fits URLs and shells unquoted


def _cephx() -> str:
    key = secrets.token_bytes(16)  # type 1 (AES), made at 0 s 0 ns, length: struct CryptoKey of Ceph
    return base64.b64encode(struct.pack("<hiih", 1, 0, 0, len(key)) + key).decode()


_KINDS: Mapping[str, Callable[[], str]] = {
    "password": _password,
    "hex": lambda: secrets.token_hex(32),
    "uuid": lambda: str(uuid.uuid4()),
    "cephx": _cephx,
}


def parse_declared(text: str, file: Path) -> tuple[DeclaredSecret, ...]:
    """Give the declared secrets of a file's text; raises UserError with every mistake in it."""
    problems: list[Problem] = []
    declared: list[DeclaredSecret] = []
    rows = yaml.safe_load(text) or []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or set(row) != {"name", "kind", "what"}:
            problems.append(Problem(f"Secret {number}: got {row!r}, expected exactly name, kind and what.", file=file))
        elif row["kind"] not in _KINDS:
            expected = ", ".join(sorted(_KINDS))
            problems.append(Problem(f"{row['name']}: got kind {row['kind']!r}, expected one of {expected}.", file=file))
        elif any(row["name"] == other.name for other in declared):
            problems.append(Problem(f"{row['name']} is declared twice, expected once.", file=file))
        else:
            declared.append(DeclaredSecret(row["name"], row["kind"], row["what"]))
    if problems:
        raise UserError.of(problems)
    return tuple(declared)


def load_declared(file: Path | None = None) -> tuple[DeclaredSecret, ...]:
    """Read ``playbooks/secrets.yaml`` (or another file of that form)."""
    file = file or repository() / "playbooks" / "secrets.yaml"
    return parse_declared(file.read_text(), file)


def build_missing(declared: Iterable[DeclaredSecret], existing: Mapping[str, str]) -> dict[str, str]:
    """Generate a value for each declared secret that has none."""
    return {secret.name: _KINDS[secret.kind]() for secret in declared if secret.name not in existing}


def ensure_secrets(installation: Installation, declared: Iterable[DeclaredSecret]) -> tuple[str, ...]:
    """Generate what is declared and missing; give the names that were made, never a value."""
    existing = _read(installation) if installation.secrets.exists() else {}
    made = build_missing(declared, existing)
    if made or not installation.secrets.exists():
        text = yaml.safe_dump(dict(sorted({**existing, **made}.items())))
        write_private(installation.secrets, _Vault(_key(installation)).encrypt(text))
    return tuple(sorted(made))


def read_secret(installation: Installation, name: str) -> str:
    """Give one secret's value; raises UserError where the installation has none of that name."""
    if not installation.secrets.exists():
        raise UserError(Problem(f"{installation.secrets} does not exist.", "Run `oneroof deploy` first: it makes it."))
    values = _read(installation)
    if name not in values:
        hint = "Is it declared in playbooks/secrets.yaml? Then `oneroof deploy` makes it."
        raise UserError(Problem(f"There is no secret {name}.", hint, installation.secrets))
    return values[name]


def _key(installation: Installation) -> bytes:
    """Give the vault's key, made on first use; refuses to make a second one for secrets that exist already."""
    path = installation.secrets_key
    if not path.exists():
        if installation.secrets.exists():
            what = f"{path} is missing, and {installation.secrets} cannot be read without it."
            raise UserError(Problem(what, "Restore the key from where you keep a copy of it."))
        write_private(path, _password().encode() + b"\n")
    return path.read_bytes().strip()


class _Vault:
    """Ansible's own encryption, so that ansible-playbook reads the file without us."""

    def __init__(self, key: bytes) -> None:
        from ansible.constants import DEFAULT_VAULT_ID_MATCH
        from ansible.parsing.vault import VaultLib, VaultSecret

        self._lib = VaultLib([(DEFAULT_VAULT_ID_MATCH, VaultSecret(key))])

    def encrypt(self, text: str) -> bytes:
        return bytes(self._lib.encrypt(text))

    def decrypt(self, data: bytes) -> str:
        return bytes(self._lib.decrypt(data)).decode()


def _read(installation: Installation) -> dict[str, str]:
    from ansible.errors import AnsibleError

    try:
        text = _Vault(_key(installation)).decrypt(installation.secrets.read_bytes())
    except AnsibleError:
        what = f"{installation.secrets} cannot be opened with the key {installation.secrets_key}."
        raise UserError(Problem(what, "The key belongs to another installation: restore this one's.")) from None
    values = yaml.safe_load(text) or {}
    return {str(name): str(value) for name, value in values.items()}
