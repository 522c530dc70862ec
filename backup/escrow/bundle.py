"""What is in escrow: the keys without which the vault's content is noise, and files of the home that are in no backup.

From these, the vault and the git repository everything else follows: the control plane's snapshot holds the other secrets,
encrypted by the key that is in here.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from backup.keys import Keys, load_keys, store_keys
from tenants.installation import Installation
from tenants.problem import Problem, UserError
from tenants.writing import write_private

FILES = ("pki/ca.key", "pki/ca.pem", "ssh/id_ed25519", "ssh/id_ed25519.pub")
"""Of the home, where they are there: the authority that every client trusts, and the way into the machines."""
FORMAT = 1


@dataclass(frozen=True)
class Bundle:
    """The content of one sealing."""

    installation: str
    version: int
    """Counted from 1: a later sealing has more."""
    sealed_at: datetime
    secrets_key: str
    repositories: Mapping[str, Keys]
    files: Mapping[str, bytes] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Bundle({self.installation} {self.version})"

    @property
    def digest(self) -> str:
        """SHA-256 of what is in it, whenever it was sealed; it is random enough to tell nothing."""
        values = {k: v for k, v in _values(self).items() if k not in ("version", "sealed_at")}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def collect_bundle(installation: Installation, version: int, now: datetime) -> Bundle:
    """Read what is to be sealed; raise :class:`UserError` where the installation has no keys yet."""
    keys = load_keys(installation)
    if not keys:
        hint = "`oneroof deploy` makes them."
        raise UserError(Problem(f"{installation.home} has no passwords of repositories, expected backup-keys.yml", hint))
    files = {name: (installation.home / name).read_bytes() for name in FILES if (installation.home / name).is_file()}
    secret = installation.secrets_key.read_text(encoding="ascii").strip()
    return Bundle(installation.name, version, now, secret, dict(sorted(keys.items())), files)


def install_bundle(bundle: Bundle, installation: Installation, older: Iterable[Bundle] = ()) -> tuple[str, ...]:
    """Put the keys back in their places; give those that were not there. Refuses to replace a key that is in no bundle."""
    wanted, known = _places(bundle, installation), [_places(each, installation) for each in (bundle, *older)]
    there = {path: path.read_bytes().strip() for path in wanted if path.exists()}
    other = [path for path, found in there.items() if all(found != each.get(path, b"").strip() for each in known)]
    if other:
        hint = "ONEROOF_HOME or ONEROOF_LAB names another home."
        raise UserError(
            *(Problem("this is another key than the one in escrow; nothing was replaced", hint, p) for p in other)
        )
    new = [path for path, content in wanted.items() if there.get(path) != content.strip()]
    for path in new:
        write_private(path, wanted[path])
        if path.suffix == ".pub" or path.name == "ca.pem":
            path.chmod(0o644)
    held = load_keys(installation)
    if missing := {name: keys for name, keys in bundle.repositories.items() if name not in held}:
        store_keys(installation, {**held, **missing})
    return (*(str(path) for path in new), *(f"passwords of {name}" for name in missing))


def _places(bundle: Bundle, installation: Installation) -> dict[Path, bytes]:
    places = {installation.home / name: content for name, content in bundle.files.items()}
    return {**places, installation.secrets_key: bundle.secrets_key.encode("ascii") + b"\n"}


def render_bundle(bundle: Bundle) -> bytes:
    """Give a bundle as what is sealed."""
    return json.dumps(_values(bundle), sort_keys=True).encode()


def parse_bundle(content: bytes) -> Bundle:
    """Read what was sealed; raise ``ValueError`` where it is no bundle of this format."""
    try:
        values = json.loads(content)
        if values["format"] != FORMAT:
            raise ValueError(f"got format {values['format']}, expected {FORMAT}")
        return Bundle(
            str(values["installation"]),
            int(values["version"]),
            datetime.fromisoformat(values["sealed_at"]),
            str(values["secrets_key"]),
            {str(name): Keys(*pair) for name, pair in values["repositories"].items()},
            {str(name): base64.b64decode(text, validate=True) for name, text in values["files"].items()},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no bundle: {error}") from error


def _values(bundle: Bundle) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "installation": bundle.installation,
        "version": bundle.version,
        "sealed_at": bundle.sealed_at.isoformat(timespec="seconds"),
        "secrets_key": bundle.secrets_key,
        "repositories": {name: [keys.vault_password, keys.restic_password] for name, keys in bundle.repositories.items()},
        "files": {name: base64.b64encode(content).decode() for name, content in bundle.files.items()},
    }
