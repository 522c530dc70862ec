"""A dump that is cut short does not count, and Keystone's keys are where its configuration says."""

from __future__ import annotations

from pathlib import Path

import pytest

from backup.sources.control_plane import check_trailer, find_key_repositories
from backup.sources.taken import NotTakenError


def test_a_dump_that_ends_with_its_trailer_counts(tmp_path: Path) -> None:
    dump = tmp_path / "databases.sql"
    dump.write_text("INSERT INTO x VALUES (1);\n" * 1000 + "-- Dump completed on 2026-11-22 13:59:24\n")
    check_trailer(dump)


@pytest.mark.parametrize("end", ["", "INSERT INTO x VALUES (1", "-- Dump completed on 2026\nINSERT INTO x VALUES (1);\n"])
def test_any_other_end_does_not(tmp_path: Path, end: str) -> None:
    dump = tmp_path / "databases.sql"
    dump.write_text("INSERT INTO x VALUES (1);\n" * 1000 * bool(end) + end)
    with pytest.raises(NotTakenError, match="cut short"):
        check_trailer(dump)


def test_keys_are_where_keystone_has_them() -> None:
    told = "[fernet_tokens]\nkey_repository = /var/lib/keystone/fernet\n[token]\nprovider = fernet\nbare\n"
    assert find_key_repositories(told) == {
        "fernet": Path("/var/lib/keystone/fernet"),
        "credential": Path("/etc/keystone/credential-keys"),
    }
