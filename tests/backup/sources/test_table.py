"""Every kind of thing that is backed up has a module of its own."""

from __future__ import annotations

from backup.records import Source
from backup.sources.table import TAKE
from tenants.declaration.waiver import KINDS


def test_every_source_can_be_taken() -> None:
    assert set(TAKE) == set(Source)


def test_whatever_a_department_declares_as_data_is_a_source() -> None:
    assert {*KINDS, "control-plane"} == {str(source) for source in Source}
