"""Tiers: what the shipped policy promises, and the sentence for each mistake."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from backup.policy import load_policy, parse_duration, render_duration
from tenants.declaration.load import load_catalogue
from tenants.problem import UserError

TIER = """\
tiers:
  gold:
    purpose: Test.
    every: {every}
    start: {start}
    spread: {spread}
    keep_within: {keep}
    recovery_point: {point}
    recovery_time: 4h
    drill_every: 7d
    reread_within: {reread}
control_plane: {control}
vault:
  keep_verified: {verified}
  most_at_once: 50
  prune_every: 7d
  prune_within: 2h
  freeze: {{history: 5, changed: {changed}, times: 3, incompressible: 95, compressible: 80, matters: 5, shrunk: 50}}
"""
GOOD = {"every": "4h", "start": '"00:00"', "spread": "3h", "keep": "30d", "point": "6h", "reread": "14d", "control": "gold"}
GOOD |= {"verified": "3", "changed": "30"}


def test_the_shipped_policy_has_every_tier_of_the_catalogue() -> None:
    policy = load_policy()
    assert {*policy.tiers, "none"} == set(load_catalogue().recovery_tiers)
    assert policy.control_plane in policy.tiers


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"reread": "12h"}, "got reread_within 12h, expected at least 24h"),
        ({"every": "7h", "point": "8h"}, "got every 7h, expected a time that divides 24h evenly"),
        ({"every": "four"}, "expected a duration such as 15m, 24h or 30d"),
        ({"spread": "5h"}, "got spread 5h, expected at most every 4h"),
        ({"point": "4h"}, "got recovery_point 4h, expected more than every 4h"),
        ({"keep": "2d"}, "got keep_within 48h, expected at least drill_every 7d"),
        ({"start": '"25:00"'}, "expected a time of day in quotes"),
        ({"verified": "0"}, "keep_verified: got 0, expected"),
        ({"changed": "300"}, "changed: got 300, expected"),
        ({"control": "platinum"}, "got control_plane platinum, expected one of gold"),
    ],
)
def test_a_promise_that_cannot_be_kept_is_refused(tmp_path: Path, change: dict[str, str], sentence: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(TIER.format(**GOOD | change))
    with pytest.raises(UserError, match="(?s)policy.yaml:[0-9]+: .*" + sentence.replace("[", r"\[")):
        load_policy(file)


def test_the_test_s_own_policy_is_good(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(TIER.format(**GOOD))
    assert load_policy(file).tiers["gold"].every == timedelta(hours=4)


@pytest.mark.parametrize("text", ["15m", "36h", "48h", "30d"])
def test_durations_come_back_as_written(text: str) -> None:
    assert render_duration(parse_duration(text)) == text


@pytest.mark.parametrize("text", ["0h", "-1h", "1.5h", "1w", "h", 4, "4 h", "99999999d"])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected a duration"):
        parse_duration(text)
