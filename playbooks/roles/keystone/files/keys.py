"""Give Keystone the keys of its tokens and credentials; print the repositories that were empty.

Reads {secret, repositories, user} from standard input. The first keys come from the installation's secret, so that several
controllers have the same without copying files about. A repository that holds keys, rotated perhaps, is left alone.
``--apply`` makes it so, ``--check`` only says.
"""

from __future__ import annotations

import base64
import hmac
import json
import shutil
import sys
from pathlib import Path


def build_key(secret: str, repository: str, number: int) -> bytes:
    """Give a Fernet key, 32 bytes in URL-safe base64, that no other repository or number has."""
    return base64.urlsafe_b64encode(hmac.digest(bytes.fromhex(secret), f"{repository} {number}".encode(), "sha256"))


def fill(repository: Path, secret: str, user: str) -> None:
    """Write the staged key (0) and the primary key (1)."""
    repository.mkdir(mode=0o700, exist_ok=True)
    shutil.chown(repository, user, user)
    for number in (1, 0):
        key = repository / str(number)
        key.touch(mode=0o600)
        shutil.chown(key, user, user)
        key.write_bytes(build_key(secret, repository.name, number))


def main() -> None:
    """Fill the repositories that are empty, or say which those are."""
    wish = json.load(sys.stdin)
    for repository in map(Path, wish["repositories"]):
        if repository.is_dir() and any(repository.iterdir()):
            continue
        print(repository)
        if sys.argv[1:] == ["--apply"]:
            fill(repository, wish["secret"], wish["user"])


if __name__ == "__main__":
    main()
