"""Only what is proven counts in the status, and what is late, missing or failing is said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from click.testing import CliRunner

import oneroof
from backup.copies.record import Held
from backup.plan import Job
from backup.policy import load_policy
from backup.records import BackupRecord, Outcome, Source
from backup.standing import State, build_standings, render_age, render_standings, render_values

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY = load_policy()
JOB = Job("health", Source.VOLUME, "prod/portal", "gold", timedelta(hours=4), timedelta(hours=1), timedelta(days=14))


def record(hours: float, outcome: Outcome, reason: str = "") -> BackupRecord:
    at = NOW - timedelta(hours=hours)
    made = (f"{hours}" * 8 if outcome is not Outcome.FAILED else "", 1, "")
    return BackupRecord("health", Source.VOLUME, "prod/portal", at, at, *made, outcome, reason)


def state(*records: BackupRecord) -> State:
    (one,) = build_standings([JOB], records, POLICY, NOW)
    return one.state


def test_what_is_not_proven_counts_for_nothing() -> None:
    assert state() is State.NEVER
    assert state(record(1, Outcome.PENDING)) is State.NEVER
    assert state(record(7, Outcome.VERIFIED), record(1, Outcome.PENDING)) is State.LATE
    assert state(record(7, Outcome.VERIFIED), record(1, Outcome.FAILED)) is State.LATE
    assert state(record(5, Outcome.GOOD), record(1, Outcome.FAILED)) is State.FAILING
    assert state(record(5, Outcome.FAILED), record(1, Outcome.GOOD)) is State.KEPT


def test_each_state_has_its_newest_snapshot() -> None:
    records = [record(9, Outcome.VERIFIED), record(5, Outcome.GOOD), record(1, Outcome.PENDING), record(0.5, Outcome.FAILED)]
    records[-1] = replace(records[-1], reason="the vault is full: it said so")
    (one,) = build_standings([JOB], records, POLICY, NOW)
    table = render_standings([one])
    line = "health volume prod/portal failing 5 h 0 m 6h 2026-03-01 07:00 2026-03-01 03:00 2026-03-01 11:00 2 of 2"
    line += " 2026-03-01 13:00"
    assert " ".join(table.splitlines()[1].split()) == line
    assert (
        table.splitlines()[2]
        == "health volume prod/portal: the run of 2026-03-01 11:30 failed: the vault is full: it said so"
    )
    values = json.loads(json.dumps(render_values(one)))
    assert (values["state"], values["age_seconds"], values["next_at"]) == ("failing", 18000, "2026-03-01T13:00:00+00:00")
    assert values["verified"]["data_at"] == "2026-03-01T03:00:00+00:00"
    assert values["last_error"]["reason"] == "the vault is full: it said so"


def test_a_copy_outside_both_sites_counts_while_it_is_young() -> None:
    tiers = {name: tier.model_copy(update={"copies": 3}) for name, tier in POLICY.tiers.items()}
    policy = POLICY.model_copy(update={"tiers": tiers})
    thing = ("health", "volume", "prod/portal")

    def places(*days: float) -> tuple[int, str]:
        held = {thing: [Held(f"{age}", NOW - timedelta(days=age)) for age in days]}
        (one,) = build_standings([JOB], [record(1, Outcome.GOOD)], policy, NOW, held)
        return render_values(one)["places"], render_standings([one]).split("\n", 2)[-1]

    short = "health volume prod/portal: 2 of 3 places hold it; `oneroof backup copy health` makes another"
    assert places() == (2, short)
    assert places(32) == (2, short)
    assert places(30)[0] == 3
    assert "makes another" not in places(30)[1]
    assert places(1, 2)[0] == 4


def test_a_pending_snapshot_older_than_a_good_one_is_not_shown() -> None:
    (one,) = build_standings([JOB], [record(5, Outcome.PENDING), record(1, Outcome.GOOD)], POLICY, NOW)
    assert one.pending is None


def test_ages_are_read_at_a_glance() -> None:
    ages = {0.5: "30 m", 3.1: "3 h 6 m", 51: "2 d 3 h", -1: "ahead"}
    assert {hours: render_age(timedelta(hours=hours)) for hours in ages} == ages


def test_forgetting_is_refused_with_the_way_that_is_right() -> None:
    done = CliRunner().invoke(oneroof.cli, ["backup", "forget", "health"])
    assert done.exit_code == 2
    assert "nothing is removed from the cloud's side" in done.output
    assert "`oneroof vault retain --dry-run health`" in done.output
