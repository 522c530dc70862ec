"""What was read is shown while it is fresh; who asks never waits."""

from __future__ import annotations

import threading

import pytest

from monitoring.collector import Collector, Source


def test_a_failure_takes_the_value_away_and_success_brings_it_back() -> None:
    answers: list[int | Exception] = [1, OSError("gone"), 2]

    def read() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    collector = Collector([Source("cloud", read, 10.0)])
    assert collector.value("cloud") is None
    assert not collector.readings()[0].success
    collector.read_once("cloud")
    assert collector.value("cloud") == 1
    failed = collector.read_once("cloud")
    assert (failed.value, failed.error, failed.success) == (None, "OSError: gone", False)
    assert failed.read_at is not None
    collector.read_once("cloud")
    assert collector.value("cloud") == 2


def test_an_old_value_is_not_shown() -> None:
    on = [1000.0]
    collector = Collector([Source("cloud", lambda: 1, 10.0)], steady=lambda: on[0])
    collector.read_once("cloud")
    on[0] += 29
    assert collector.value("cloud") == 1
    on[0] += 2
    assert collector.value("cloud") is None
    assert not collector.readings()[0].success
    assert collector.readings()[0].error == "not read for 31 s"


@pytest.mark.parametrize("step", [-7200.0, 7200.0])
def test_a_clock_that_is_set_makes_nothing_old_and_nothing_young(step: float) -> None:
    now, on = [1_800_000_000.0], [1000.0]
    collector = Collector([Source("cloud", lambda: 1, 10.0)], clock=lambda: now[0], steady=lambda: on[0])
    collector.read_once("cloud")
    now[0] += step
    assert collector.value("cloud") == 1
    on[0] += 31
    assert collector.value("cloud") is None
    collector.read_once("cloud")
    assert collector.readings()[0].read_at == now[0]


def test_a_source_that_hangs_blocks_nobody() -> None:
    release, read = threading.Event(), threading.Event()

    def slow() -> int:
        release.wait(30)
        return 1

    def quick() -> int:
        read.set()
        return 2

    collector = Collector([Source("slow", slow, 60.0), Source("quick", quick, 60.0)])
    collector.start()
    try:
        assert read.wait(10)
        assert collector.value("slow") is None
    finally:
        collector.stop()
        release.set()


def test_what_failed_is_tried_again_before_its_turn() -> None:
    tried, succeeded = [], threading.Event()

    def read() -> int:
        tried.append(1)
        if len(tried) == 1:
            raise OSError("a project went while it was read")
        succeeded.set()
        return 7

    collector = Collector([Source("seldom", read, 900.0)], retry=0.01)
    collector.start()
    assert succeeded.wait(30)
    collector.stop()
