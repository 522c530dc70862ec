"""The tables are complete, and what every tier is meant to meet is possible with what it promises."""

from __future__ import annotations

from itertools import pairwise

import pytest

from backup.policy import load_policy
from backup.report.standards import MOST, load_standards

STANDARDS = load_standards()


def test_every_level_has_figures_of_every_edition_and_a_limit_or_a_reason() -> None:
    assert sorted(STANDARDS.levels) == [1, 2, 3, 4, 5, 6]
    for number, level in STANDARDS.levels.items():
        assert set(level.figures) == set(STANDARDS.editions)
        assert (level.limit is not None) == (number <= MOST)
        assert bool(level.never and level.local_never) == (number > MOST)
    assert all(edition.source for edition in STANDARDS.editions.values())


def test_a_higher_level_never_allows_more() -> None:
    limits = [level.limit for _, level in sorted(STANDARDS.levels.items()) if level.limit]
    for lower, higher in pairwise(limits):
        assert higher.recovery_point <= lower.recovery_point
        assert higher.every <= lower.every
        assert higher.recovery_time is not None or lower.recovery_time is None


@pytest.mark.parametrize("name", load_policy().tiers)
def test_a_tier_promises_what_its_level_asks_for(name: str) -> None:
    tier = load_policy().tiers[name]
    limit = STANDARDS.levels[tier.level].limit
    assert limit is not None
    assert tier.every <= limit.every
    assert tier.recovery_point <= limit.recovery_point
    assert limit.recovery_time is None or tier.recovery_time <= limit.recovery_time
    assert tier.copies == 2
