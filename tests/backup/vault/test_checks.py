"""What the checks find in a real repository, and that nothing counts as good or verified that is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from real_vault import WITHIN, Vault

from backup.checking import check_repository, load_checks
from backup.records import BackupRecord, Outcome, RepositoryRecord, Source, append_records, load_backups
from backup.reread import parts_due, reread_since
from backup.sources.taken import Taken

HOUR = timedelta(hours=1)


def record(taken: Taken, outcome: Outcome) -> BackupRecord:
    now, name = datetime.now(UTC), "prod/portal"
    made = (taken.snapshot_id, taken.bytes, taken.sha256)
    return BackupRecord("health", Source.VOLUME, name, taken.taken_at, now, *made, outcome)


def check(vault: Vault, known: RepositoryRecord, *, everything: bool = False) -> str:
    return check_repository(
        vault.repository, known, WITHIN, vault.records, vault.said.append, everything=everything, patience=timedelta(0)
    )


def test_a_good_snapshot_is_verified_when_every_part_was_read(vault: Vault) -> None:
    known = vault.open()
    append_records(vault.records, [record(vault.store(), Outcome.GOOD)])
    assert check(vault, known) == ""
    assert load_backups(vault.records)[-1].outcome is Outcome.GOOD
    assert check(vault, known, everything=True) == ""
    assert load_backups(vault.records)[-1].outcome is Outcome.VERIFIED
    assert [c.part for c in load_checks(vault.records, known)] == [0, 1, 2, 3, 4]


def test_one_part_a_day_reads_every_pack_in_time(vault: Vault) -> None:
    known = replace(vault.open(), recorded_at=datetime.now(UTC) - timedelta(days=1, hours=1))
    vault.store()
    assert check(vault, known) == ""
    (first,) = load_checks(vault.records, known)
    assert (first.part, first.parts) == (1, 4)
    assert check(vault, known) == ""
    assert [c.part for c in load_checks(vault.records, known)] == [1, 0], "not two a day"
    tomorrow = datetime.now(UTC) + timedelta(days=1, hours=1)
    assert parts_due(load_checks(vault.records, known), WITHIN, known.recorded_at, tomorrow) == (2,)
    assert reread_since(load_checks(vault.records, known), WITHIN, known.recorded_at) == known.recorded_at


# restic 0.14 asks again for two minutes before it believes that a pack is gone.
LONG = [pytest.param(how, marks=pytest.mark.slow) for how in ("zeroed", "missing", "empty")]


@pytest.mark.parametrize("how", ["bit flip", *LONG])
def test_a_damaged_pack_is_found_and_never_green_again(vault: Vault, damage: Callable[[Path, str], None], how: str) -> None:
    known = vault.open()
    taken = vault.store()
    append_records(vault.records, [record(taken, Outcome.GOOD)])
    damage(max(vault.packs(), key=lambda f: f.stat().st_size), how)
    doubt = check(vault, known, everything=True)
    assert doubt, "reading every part must find it"
    assert load_backups(vault.records)[-1].outcome is Outcome.GOOD, "not verified"
    assert check(vault, known), "and the next run, which only looks at what failed, must not be green"
    assert vault.restic("dump", "--no-lock", taken.snapshot_id, "/data").code != 0


METADATA = [("index", "missing"), ("index", "empty"), ("snapshots", "empty"), ("keys", "missing"), ("keys", "empty")]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "how"), METADATA)
def test_damaged_metadata_is_found(vault: Vault, damage: Callable[[Path, str], None], kind: str, how: str) -> None:
    known = vault.open()
    append_records(vault.records, [record(vault.store(), Outcome.GOOD)])
    files = sorted(f for f in (vault.files / kind).iterdir())
    for file in files:
        damage(file, how)
    assert check(vault, known, everything=True)
