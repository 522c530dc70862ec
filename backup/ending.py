"""How restic ended, by version: exit codes and, where an old version has only one, its words. What is unknown is a failure.

Sources: restic's ``doc/075_scripting.rst`` and changelogs (10, 11: 0.17.0; 12: 0.17.1; 130: always after SIGINT), and what
the versions tried in ``tests/backup/vault`` say.
"""

from __future__ import annotations

import re
from enum import StrEnum

from backup.command import NOT_FOUND, Completed

Version = tuple[int, ...]


class Ending(StrEnum):
    """What an end of restic means, as the beginning of a sentence."""

    OK = "it ended well"
    INCOMPLETE = "a part of the source could not be read, and the snapshot is incomplete"
    NO_REPOSITORY = "there is no repository"
    LOCKED = "the repository is locked by another program"
    WRONG_PASSWORD = "the password does not open the repository"  # noqa: S105 - a sentence
    REFUSED = "the vault refused"
    FULL = "the vault is full"
    DAMAGED = "the repository is damaged"
    STOPPED = "it was stopped because it did not go on"
    CANCELLED = "it was interrupted"
    KILLED = "it was killed"
    CRASHED = "restic itself crashed"
    NOT_INSTALLED = "restic is not installed"
    FAILED = "it failed"
    UNKNOWN = "it ended in a way that this version of oneroof does not know"


_CODES: dict[int, tuple[Ending, Version]] = {
    2: (Ending.CRASHED, (0,)),
    3: (Ending.INCOMPLETE, (0, 9, 6)),
    10: (Ending.NO_REPOSITORY, (0, 17)),
    11: (Ending.LOCKED, (0, 17)),
    12: (Ending.WRONG_PASSWORD, (0, 17, 1)),
    130: (Ending.CANCELLED, (0,)),
    NOT_FOUND: (Ending.NOT_INSTALLED, (0,)),
}
"""Meaning of each code but 0 and 1, and the version since which it has that meaning."""

_NO_CONFIG = r"unable to open config file: (<config/> does not exist|stat \S*/config: no such file or directory)$"
_WORDS: tuple[tuple[str, Ending], ...] = (
    (r"wrong password or no key found", Ending.WRONG_PASSWORD),
    (r"repository is already locked|unable to create lock in backend: repository", Ending.LOCKED),
    (_NO_CONFIG, Ending.NO_REPOSITORY),
    (r"no space left on device|507 Insufficient|disk quota exceeded", Ending.FULL),
    (r"\b(401 Unauthorized|403 Forbidden)\b|unexpected HTTP response \((401|403)\)", Ending.REFUSED),
    (r"ciphertext verification failed|does not match|not found in (index|repository)|Fatal: repository contains errors|"
     r"invalid data returned|unexpected EOF|pack \S+ (size|has|contains)|does not exist$", Ending.DAMAGED),
)  # fmt: skip
"""What restic says on standard error when it ends with 1, the surest first."""


def judge(ended: Completed, version: Version) -> Ending:
    """Give what an end means; anything not known for this version is :attr:`Ending.UNKNOWN`, a failure."""
    if ended.timed_out:
        return Ending.STOPPED
    if ended.code == 0:
        return Ending.OK
    if ended.code == 1:
        return next((e for words, e in _WORDS if re.search(words, ended.stderr, re.MULTILINE)), Ending.FAILED)
    if ended.code < 0:
        return Ending.KILLED
    meaning, since = _CODES.get(ended.code, (Ending.UNKNOWN, (0,)))
    return meaning if version >= since else Ending.UNKNOWN


def explain(ended: Completed, version: Version) -> str:
    """Give one sentence on why restic failed; empty where it did not."""
    meaning = judge(ended, version)
    return "" if meaning is Ending.OK else f"{meaning}: {ended.reason}"
