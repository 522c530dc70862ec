"""What restic 0.14 prints, as it printed it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backup.restic import (
    Repository,
    Summary,
    build_backup_stream,
    build_check,
    parse_repository_id,
    parse_snapshot_ids,
    parse_summary,
    parse_version,
)

DATA = Path(__file__).parent / "data"
REPOSITORY = Repository("health", Path("/r/repository"), Path("/r/password"), Path("/ca.pem"), Path("/cache"))


def test_summary_and_ids_are_found_in_what_0_14_prints() -> None:
    assert parse_summary((DATA / "restic-0.14-backup.jsonl").read_bytes()) == Summary("18bde693", 3, 347)
    ids = parse_snapshot_ids((DATA / "restic-0.14-snapshots.json").read_bytes())
    assert [i[:8] for i in ids] == ["eb06a342", "f26fd972"]  # oldest first
    assert parse_snapshot_ids(b"null\n") == ()


@pytest.mark.parametrize("said", [b"", b"not json\n", b'{"message_type":"status"}\n', b'{"message_type":"summary"}\n'])
def test_a_backup_without_a_snapshot_is_none(said: bytes) -> None:
    with pytest.raises(ValueError, match="no summary"):
        parse_summary(said)


def test_versions_are_numbers() -> None:
    assert parse_version("restic 0.14.0 compiled with go1.19.8 on linux/amd64") == (0, 14, 0)
    with pytest.raises(ValueError, match="expected a line such as"):
        parse_version("command not found")


def test_a_repository_id_is_64_digits() -> None:
    assert parse_repository_id(b'{"version": 2, "id": "' + b"a" * 64 + b'"}') == "a" * 64
    with pytest.raises(ValueError, match="no id"):
        parse_repository_id(b'{"version": 2}')


def test_no_secret_is_an_argument() -> None:
    command = build_backup_stream(REPOSITORY, "/prod-portal.raw", "volume:prod/portal")
    assert command.argv == (
        "restic",
        "--cacert=/ca.pem",
        "--json",
        "backup",
        "--stdin",
        "--stdin-filename=/prod-portal.raw",
        "--host=oneroof",
        "--tag=volume:prod/portal",
    )
    assert {"/r/password", "/r/repository"} <= {*command.environment.values()}


def test_check_takes_its_lock() -> None:
    assert build_check(REPOSITORY).argv == ("restic", "--cacert=/ca.pem", "check")


def test_a_listing_ends_at_the_instant_that_is_told() -> None:
    listed = [
        {"id": "b" * 64, "time": "2026-11-20T12:00:00.123456789Z"},
        {"id": "a" * 64, "time": "2026-11-20T11:59:59.999999999+00:00"},
        {"id": "c" * 64, "time": "2026-11-20T20:30:00.5+08:00"},
    ]
    told = json.dumps(listed).encode()
    assert parse_snapshot_ids(told) == ("a" * 64, "b" * 64, "c" * 64)
    assert parse_snapshot_ids(told, until=datetime(2026, 11, 20, 12, tzinfo=UTC)) == ("a" * 64,)
    assert parse_snapshot_ids(told, until=datetime(2026, 11, 20, 12, 10, tzinfo=UTC)) == ("a" * 64, "b" * 64)
