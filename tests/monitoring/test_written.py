"""What ``rbd du`` tells, added up by volume."""

from __future__ import annotations

import json

import pytest

from monitoring.written import parse_written

MIB = 1024**2
# as rbd 16.2 tells it: a volume that was never written, one with two snapshots, one written twice over, a clone's parent
TOLD = [
    {"name": "volume-aa", "id": "1", "provisioned_size": 1024 * MIB, "used_size": 0},
    {
        "name": "volume-bb",
        "id": "2",
        "snapshot": "s1",
        "snapshot_id": 9,
        "provisioned_size": 1024 * MIB,
        "used_size": 28 * MIB,
    },
    {
        "name": "volume-bb",
        "id": "2",
        "snapshot": "s2",
        "snapshot_id": 10,
        "provisioned_size": 1024 * MIB,
        "used_size": 4 * MIB,
    },
    {"name": "volume-bb", "id": "2", "provisioned_size": 2048 * MIB, "used_size": 12 * MIB},
    {
        "name": "volume-cc",
        "id": "3",
        "snapshot": "s1",
        "snapshot_id": 11,
        "provisioned_size": 64 * MIB,
        "used_size": 64 * MIB,
    },
    {"name": "volume-cc", "id": "3", "provisioned_size": 64 * MIB, "used_size": 40 * MIB},
    {"name": "somebody-elses", "id": "4", "provisioned_size": 64 * MIB, "used_size": 40 * MIB},
]


def test_snapshots_are_counted_in_and_no_volume_is_fuller_than_it_is_big() -> None:
    assert parse_written(json.dumps({"images": TOLD})) == {"aa": 0, "bb": 44 * MIB, "cc": 64 * MIB}


@pytest.mark.parametrize("text", ["", "{}", "not found"])
def test_what_is_no_answer_is_no_reading(text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        parse_written(text)
