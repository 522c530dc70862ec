"""Steps run side by side, stop after a failure, and say what became of each."""

import sys
from pathlib import Path

from infra.steps import Progress, Step, ready, run_steps
from infra.up import build_steps


def python(name: str, code: str, *needs: str) -> Step:
    return Step(name, name, (sys.executable, "-c", code), frozenset(needs))


def test_a_step_starts_only_after_what_it_needs(tmp_path: Path) -> None:
    log = tmp_path / "order"
    write = f"open({str(log)!r}, 'a').write"
    steps = [python("second", f"{write}('2')", "first"), python("first", f"{write}('1')")]
    ended = run_steps(steps, tmp_path / "logs", environment={}, at_once=2)
    assert [p.state for p in ended] == ["done", "done"]
    assert log.read_text() == "12"


def test_after_a_failure_nothing_new_starts_and_the_code_is_kept(tmp_path: Path) -> None:
    steps = [python("bad", "raise SystemExit(2)"), python("after", "print('never')", "bad")]
    bad, after = run_steps(steps, tmp_path, environment={})
    assert (bad.state, bad.returncode, after.state) == ("failed", 2, "left")
    assert not after.log.exists()


def test_what_a_step_says_is_in_its_log_and_its_last_line_is_shown(tmp_path: Path) -> None:
    (said,) = run_steps([python("talk", "print('one'); print('two'); print()")], tmp_path, environment={})
    assert said.log.read_text() == "one\ntwo\n\n"
    assert said.last_line() == "two"


def test_no_more_steps_run_at_once_than_allowed(tmp_path: Path) -> None:
    progress = [Progress(python(name, ""), tmp_path / name) for name in "abc"]
    progress[0].state = "running"
    assert [p.step.name for p in ready(progress, at_once=2)] == ["b"]


def test_every_step_of_up_needs_only_steps_before_it() -> None:
    known: set[str] = set()
    for step in build_steps("oneroof"):
        assert step.needs <= known, step.name
        known.add(step.name)
