"""Records of several machines are told as one, each line with its machine; an altered one is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from infra.sharing.copies import HERE, load_all, merge
from infra.sharing.record import GRANTED, WITHDRAWN, Entry, append_entries, record_file
from tenants.installation import Installation
from tenants.problem import UserError

FIRST = Entry("2026-03-01T08:00:00+00:00", GRANTED, "oneroof", "a", "container", "prod/maps", "b/prod", "read", {}, "")
LAST = replace(FIRST, at="2026-04-01T00:05:00+00:00", event=WITHDRAWN, reason="ended on 2026-03-31")
AGAIN = replace(FIRST, at="2026-04-02T08:00:00+00:00")


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    made = Installation(tmp_path)
    append_entries(record_file(made), lambda _: [FIRST, AGAIN])
    append_entries(made.records / "sharing.site-a.jsonl", lambda _: [LAST])
    return made


def test_lines_of_all_machines_are_told_in_the_order_of_time(installation: Installation) -> None:
    assert merge(load_all(installation)) == ((HERE, FIRST), ("site-a", LAST), (HERE, AGAIN))


def test_a_copy_that_was_altered_is_refused(installation: Installation) -> None:
    file = installation.records / "sharing.site-a.jsonl"
    append_entries(file, lambda _: [AGAIN])
    file.write_text(file.read_text().replace("2026-03-31", "2027-03-31"))
    with pytest.raises(UserError, match="is not what was recorded"):
        load_all(installation)
