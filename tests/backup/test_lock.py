"""A lock goes only if its maker is dead for certain."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from backup.lock import Alive, Lock, is_dead, parse_lock, this_machine

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HERE = Alive("site-a", NOON - timedelta(days=1), lambda pid: pid == 7)


@pytest.mark.parametrize(
    ("lock", "dead"),
    [
        (Lock(NOON, "site-a", 8, exclusive=False), True),
        (Lock(NOON, "site-a", 7, exclusive=False), False),
        (Lock(NOON - timedelta(days=2), "site-a", 7, exclusive=True), True),
        (Lock(NOON - timedelta(days=2), "site-b", 8, exclusive=True), False),
        (Lock(NOON + timedelta(days=900), "site-a", 7, exclusive=False), False),
    ],
    ids=["process gone", "process runs", "before this boot", "another machine, however old", "from the future"],
)
def test_who_is_dead_for_certain(lock: Lock, dead: bool) -> None:
    assert is_dead(lock, HERE) is dead


def test_a_lock_is_read_as_restic_writes_it() -> None:
    text = '{"time": "2026-11-24T04:31:03.566181755+08:00", "exclusive": true, "hostname": "vm", "pid": 9221}'
    lock = parse_lock(text.encode())
    assert lock == Lock(datetime(2026, 11, 23, 20, 31, 3, 566181, tzinfo=UTC), "vm", 9221, exclusive=True)
    assert str(lock) == "exclusive lock of process 9221 on vm, made 2026-11-23 20:31:03Z"


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'{"time": "noon", "exclusive": 1, "hostname": "a", "pid": 1}'])
def test_what_is_no_lock_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"Expecting value|time|list indices|Invalid isoformat"):
        parse_lock(text)


def test_another_program_with_the_number_of_a_dead_one_is_not_restic() -> None:
    here = this_machine()
    assert not here.is_restic(os.getpid())
    assert here.booted_at < datetime.now(UTC)
