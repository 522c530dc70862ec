"""A check when asked: what is due is read again on a real vault, damage is said, and a backup is never interrupted."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from real_vault import Vault

from backup.plan import Job
from backup.records import CheckRecord, Outcome, Source, load_records
from backup.rereading import check_here, render_checks
from tenants.installation import Installation

JOB = Job("health", Source.VOLUME, "prod/portal", "gold", timedelta(hours=4), timedelta(0), timedelta(days=5))


@pytest.fixture
def check(vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], tuple[CheckRecord, ...]]:
    """Check as the operations host does: the repository is installed, the records are the installation's."""
    monkeypatch.setattr("backup.keys.CA_CERTIFICATE", None)  # this store has no TLS
    installed = tmp_path / "installed" / "health"
    installed.mkdir(parents=True)
    (installed / "repository").write_bytes(vault.repository.repository_file.read_bytes())
    (installed / "password").write_bytes(vault.repository.password_file.read_bytes())

    def run(everything: bool) -> tuple[CheckRecord, ...]:
        say, directory = vault.said.append, installed.parent
        home = Installation(tmp_path)
        return check_here([JOB], home, say, everything=everything, directory=directory, patience=timedelta(0))

    return run


def test_the_structure_is_checked_and_every_part_where_asked(
    vault: Vault, check: Callable[[bool], tuple[CheckRecord, ...]], damage: Callable[[Path, str], None]
) -> None:
    vault.open()
    vault.store()
    (made,) = check(False)
    assert (made.part, made.outcome) == (0, Outcome.GOOD), "nothing is due on the first day"
    assert [(c.part, c.parts, c.outcome) for c in check(True)] == [(n, 4, Outcome.GOOD) for n in (1, 2, 3, 4)]
    damage(max(vault.packs(), key=lambda f: f.stat().st_size), "bit flip")
    assert {c.outcome for c in check(True)} == {Outcome.GOOD, Outcome.FAILED}
    again = check(False)
    assert [c.outcome for c in again] == [Outcome.FAILED], "what failed is read again at once"
    assert "failed: " in render_checks(again)


def test_two_runners_of_one_department_wait_for_each_other(
    vault: Vault, check: Callable[[bool], tuple[CheckRecord, ...]]
) -> None:
    vault.open()
    vault.store()
    with ThreadPoolExecutor(3) as runners:  # nobody waits for a lock: patience is none
        made = [done.result() for done in [runners.submit(check, True) for _ in range(3)]]
    assert {c.outcome for each in made for c in each} == {Outcome.GOOD}
    spans = sorted((c.started_at, c.ended_at) for c in load_records(CheckRecord, vault.records))
    assert len(spans) == 12
    assert all(before[1] <= after[0] for before, after in pairwise(spans)), "one after the other"


def test_a_repository_that_cannot_be_opened_has_no_check(
    vault: Vault, check: Callable[[bool], tuple[CheckRecord, ...]], tmp_path: Path
) -> None:
    vault.open()
    (tmp_path / "installed" / "health" / "password").write_text("wrong")
    assert check(False) == ()
    assert any("the password does not open" in line for line in vault.said)
