"""The timetable is what systemd will do, and tells beforehand which promise cannot be kept."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from backup.plan import Job
from backup.policy import load_policy
from backup.records import BackupRecord, Outcome, Source
from backup.schedule import render_calendar
from backup.timetable import GUESS, build_timetable, find_collisions, measure_runs, next_start, render_timetable, starts

NOW = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
POLICY = load_policy()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def job(department: str, tier: str, minutes: int = 0, name: str = "prod/portal") -> Job:
    promised = POLICY.tiers[tier]
    return Job(department, Source.VOLUME, name, tier, promised.every, timedelta(minutes=minutes), promised.reread_within)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/St_Johns"])
@pytest.mark.parametrize(("start", "every"), [(67, 4), (1200 % 1440, 24), (719, 12)])
def test_the_timers_start_when_the_timetable_says_also_where_clocks_change(
    image_program: Callable[[str], Path], zone: str, start: int, every: int
) -> None:
    calendars = render_calendar(timedelta(minutes=start), every * HOUR)
    wanted = list(islice(starts(timedelta(minutes=start), every * HOUR, NOW), 9))
    told = []
    for calendar in calendars:  # the night from the 28th to the 29th of March is an hour shorter in Europe
        words = ["calendar", "--iterations=9", f"--base-time={NOW:%Y-%m-%d %H:%M:%S} UTC", calendar]
        program = image_program("systemd-analyze")
        said = subprocess.run([program, *words], env={**os.environ, "TZ": zone}, capture_output=True, text=True, check=True)
        in_utc = r"\(in UTC\): \w+ (\S+ \S+) UTC" if "(in UTC)" in said.stdout else r"(?:elapse|#\d+): \w+ (\S+ \S+) UTC"
        told += [datetime.fromisoformat(when).replace(tzinfo=UTC) for when in re.findall(in_utc, said.stdout)]
    assert sorted(told)[:9] == wanted


def test_the_next_start_is_after_now_whatever_the_hour() -> None:
    for minutes in range(0, 1440, 7):
        now = NOW + timedelta(minutes=minutes)
        at = next_start(timedelta(hours=1), 4 * HOUR, now)
        assert now < at <= now + 4 * HOUR
        assert (at.hour - 1) % 4 == 0
    assert next_start(timedelta(hours=1), DAY, datetime(2026, 3, 1, 1, tzinfo=UTC)).day == 2, "not the one that began now"


def test_a_run_lasts_as_long_as_the_longest_of_its_last_ones_check_included() -> None:
    jobs = [job("health", "gold"), job("health", "gold", name="prod/registry"), job("health", "bronze", name="prod/old")]
    lengths = [9 * HOUR, *[timedelta(minutes=m) for m in (3, 4, 8, 5, 3)]]
    begun = [NOW + n * DAY for n in range(len(lengths))]
    records = [
        BackupRecord("health", Source.VOLUME, name, at, at + length, f"{at}{name}", 1, "", outcome)
        for at, length in zip(begun, lengths, strict=True)
        for name in ("prod/portal", "prod/registry")
        for outcome in (Outcome.PENDING, Outcome.GOOD)
    ]
    later = [replace(r, outcome=Outcome.VERIFIED, ended_at=r.ended_at + DAY) for r in records]
    assert measure_runs(jobs, [*records, *later]) == {("health", "gold"): timedelta(minutes=8)}


def test_so_many_run_at_once_and_one_of_a_department() -> None:
    jobs = [job(name, "gold", 60) for name in ("a", "b", "c", "d")] + [job("a", "silver", 60)]
    runs = build_timetable(jobs, {}, POLICY, NOW, NOW + 3 * HOUR)
    assert [(r.whose, r.begins - r.at) for r in runs] == [
        (("a", "gold"), timedelta(0)),
        (("a", "silver"), GUESS),
        (("b", "gold"), timedelta(0)),
        (("c", "gold"), GUESS),
        (("d", "gold"), GUESS),
    ]
    assert find_collisions(runs) == ()
    assert "5m?" in render_timetable(runs, 1)


def test_a_promise_that_windows_will_not_keep_is_told_beforehand() -> None:
    jobs = [job(f"d{n}", "gold", 60) for n in range(9)]
    lasts = {("d0", "gold"): 3 * HOUR} | {(f"d{n}", "gold"): HOUR for n in range(1, 9)}
    runs = build_timetable(jobs, lasts, POLICY, NOW, NOW + 2 * DAY)
    told = find_collisions(runs)
    assert told
    assert re.match(r"d\d, tier gold: the run of 2026-03-\d\d \d\d:00Z will end \d+h? ?\S* too late for its RPO", told[0])
    assert find_collisions(build_timetable(jobs, {}, POLICY, NOW, NOW + 2 * DAY)) == ()


def test_two_hundred_departments_of_the_policy_s_spread_do_not_collide() -> None:
    from backup.plan import spread_start

    jobs = []
    for n in range(200):
        made = job(f"department-{n}", "gold")
        jobs.append(replace(made, start=spread_start(made.department, "gold", POLICY.tiers["gold"])))
    lasts = {(j.department, "gold"): timedelta(minutes=3) for j in jobs}
    runs = build_timetable(jobs, lasts, POLICY, NOW, NOW + 2 * DAY)
    assert len(runs) == 200 * 12
    assert find_collisions(runs) == ()
