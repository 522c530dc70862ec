from __future__ import annotations

import os
from pathlib import Path

import pytest

from infra.lab.command import CommandError, run


def test_both_outputs_are_given() -> None:
    done = run(["sh", "-c", "cat; echo talk >&2"], stdin="result")
    assert (done.stdout, done.stderr) == ("result", "talk\n")


def test_a_failure_says_what_the_program_said_last() -> None:
    with pytest.raises(CommandError, match=r"ended with 3: no room left") as caught:
        run(["sh", "-c", "echo first >&2; echo no room left >&2; exit 3"])
    assert caught.value.returncode == 3


def test_with_a_log_the_failure_names_it_and_quotes_this_run_only(tmp_path: Path) -> None:
    log = tmp_path / "deep" / "x.log"
    run(["echo", "an earlier run"], log=log)
    with pytest.raises(CommandError, match="ended with 1: it broke") as caught:
        run(["sh", "-c", "echo it broke; exit 1"], log=log)
    assert f"see {log}" in str(caught.value)
    assert "an earlier run" in log.read_text()


def test_a_missing_program_is_a_sentence() -> None:
    with pytest.raises(CommandError, match="ended with 127: not found"):
        run(["no-such-program-anywhere"])


def test_a_timeout_ends_the_program_and_its_children(tmp_path: Path) -> None:
    alive, pid = tmp_path / "alive", tmp_path / "pid"
    os.mkfifo(alive)
    reader = os.open(alive, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(CommandError, match="no end after 2 s"):
        run(["sh", "-c", f"exec 3> {alive}; sleep 60 & echo $! > {pid}; wait"], timeout=2)
    assert pid.read_text().strip()
    os.set_blocking(reader, True)
    assert os.read(reader, 1) == b""  # comes when nobody holds the other end any more
    os.close(reader)


def test_codes_that_are_answers_can_be_accepted() -> None:
    assert run(["sh", "-c", "exit 1"], accept=(0, 1)).returncode == 1
