"""What is kept of a request until it is merged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from infra.review.record import Record, forget_record, load_record, record_file, unended, write_record

RECORD = Record(7, "a" * 40, {"tenants/a.yaml": "b" * 40}, (("operations", ("ops-chen",)),), "{}\n")


def test_a_record_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    write_record(tmp_path, RECORD)
    assert load_record(tmp_path, 7) == RECORD
    assert record_file(tmp_path, 7).stat().st_mode & 0o077 == 0


def test_what_is_not_kept_is_nothing(tmp_path: Path) -> None:
    assert load_record(tmp_path, 7) is None
    write_record(tmp_path, RECORD)
    forget_record(tmp_path, 7)
    forget_record(tmp_path, 7)
    assert load_record(tmp_path, 7) is None


def test_what_is_not_in_the_cloud_is_still_to_be_done(tmp_path: Path) -> None:
    for number, record in ((10, RECORD), (9, RECORD), (8, replace(RECORD, ended=True))):
        write_record(tmp_path, replace(record, number=number))
    (tmp_path / "other.json").write_text("{}")
    assert list(unended(tmp_path)) == [9, 10]
