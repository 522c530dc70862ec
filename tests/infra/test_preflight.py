from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from infra.lab.address import Taken
from infra.preflight import GIB, TOOLS, Facts, Needs, find_missing, find_problems

CACHE, STATE = Path("/cache"), Path("/state")
NEEDS = Needs(CACHE, STATE, cache_bytes=7 * GIB, state_bytes=8 * GIB, memory_bytes=10 * GIB, network=None)
FACTS = Facts(
    user=0,
    missing=(),
    broken=(),
    free_bytes={CACHE: 20 * GIB, STATE: 20 * GIB},
    devices={CACHE: 1, STATE: 1},
    memory_bytes=16 * GIB,
    taken=(),
)


def test_a_good_host_has_no_problems() -> None:
    assert find_problems(FACTS, NEEDS) == ()
    assert find_missing(FACTS) == ()


@pytest.mark.parametrize(
    ("facts", "needs", "sentence"),
    [
        (replace(FACTS, user=1000), NEEDS, "user: got id 1000, expected root"),
        (replace(FACTS, broken=("bridges",)), NEEDS, "the kernel has no working bridges"),
        (
            replace(FACTS, free_bytes={CACHE: 14 * GIB, STATE: 14 * GIB}),
            NEEDS,
            "free disk for /cache and /state: got 14.0 GiB, expected at least 15 GiB",
        ),
        (
            replace(FACTS, devices={CACHE: 1, STATE: 2}, free_bytes={CACHE: 20 * GIB, STATE: GIB}),
            NEEDS,
            "free disk for /state: got 1.0 GiB, expected at least 8 GiB",
        ),
        (replace(FACTS, memory_bytes=4 * GIB), NEEDS, "available memory: got 4.0 GiB, expected at least 10 GiB"),
        (
            replace(FACTS, taken=(Taken(IPv4Network("10.88.7.0/24"), "the host's route through wg0"),)),
            replace(NEEDS, network=IPv4Network("10.88.0.0/16")),
            "network 10.88.0.0/16 collides with 10.88.7.0/24 (the host's route through wg0)",
        ),
        (
            replace(FACTS, taken=(Taken(IPv4Network("10.0.0.0/8"), "the host's route through tun0"),)),
            NEEDS,
            "no network from 10.88.0.0/16 to 10.199.0.0/16 is free",
        ),
        (replace(FACTS, resolvable=False), NEEDS, "the host's name servers are on loopback only"),
    ],
)
def test_each_lack_has_its_sentence_and_what_to_do(facts: Facts, needs: Needs, sentence: str) -> None:
    (problem,) = find_problems(facts, needs)
    assert problem.what.startswith(sentence)
    assert problem.hint


def test_everything_is_said_at_once() -> None:
    worst = replace(FACTS, user=1, broken=("bridges", "veth pairs"), memory_bytes=0, free_bytes={CACHE: 0, STATE: 0})
    assert len(find_problems(worst, NEEDS)) == 5


def test_on_two_disks_each_needs_its_own_share_only() -> None:
    facts = replace(FACTS, devices={CACHE: 1, STATE: 2}, free_bytes={CACHE: 7 * GIB, STATE: 8 * GIB})
    assert find_problems(facts, NEEDS) == ()


def test_a_missing_tool_names_its_package() -> None:
    (problem,) = find_missing(replace(FACTS, missing=("nft",)))
    assert problem.what == "nft is missing"
    assert "nftables" in problem.hint
    assert set(TOOLS.values()) >= {"systemd-container", "mmdebstrap"}
