"""Lists of containers: read, written and shortened without losing what somebody else put in."""

from __future__ import annotations

import pytest

from infra.provider.access import parse_acl, without


@pytest.mark.parametrize(
    ("header", "entries"),
    [(None, []), ("", []), ("1f:*", ["1f:*"]), (" 1f:* ,, .r:*,.rlistings", ["1f:*", ".r:*", ".rlistings"])],
)
def test_a_list_is_its_entries(header: str | None, entries: list[str]) -> None:
    assert parse_acl(header) == entries


def test_a_project_is_taken_out_with_all_its_users_and_nobody_else() -> None:
    assert without("1f:*,2e:*,1f:7a,.rlistings", "1f") == "2e:*,.rlistings"
    assert without("11f:*", "1f") == "11f:*"
    assert without(None, "1f") == ""
