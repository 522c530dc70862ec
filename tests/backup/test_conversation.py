"""A program is told and heard while something else is done, and is never left behind."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from backup.command import Command
from backup.conversation import converse

SOON = timedelta(seconds=10)


def shell(script: str, *words: str) -> Command:
    return Command(("sh", "-c", script, *words))


def test_it_answers_what_it_was_told() -> None:
    with converse(shell("echo ready; while read word; do echo got $word; done")) as talk:
        assert talk.hear(SOON) == "ready"
        for word in ("one", "two"):
            talk.tell(word)
            assert talk.hear(SOON) == f"got {word}"


def test_its_input_ends_with_the_block_and_it_may_still_put_things_in_order(tmp_path: Path) -> None:
    with converse(shell('cat; sleep 0.2; touch "$0"', str(tmp_path / "done"))):
        assert not (tmp_path / "done").exists()
    assert (tmp_path / "done").exists()


def test_an_error_in_the_block_ends_it_too(tmp_path: Path) -> None:
    with pytest.raises(KeyError), converse(shell('cat; touch "$0"', str(tmp_path / "done"))):
        raise KeyError
    assert (tmp_path / "done").exists()


def test_why_it_ended_is_heard_last() -> None:
    with converse(shell("echo no route >&2; exit 3")) as talk:
        assert talk.hear(SOON) == "no route"
        with pytest.raises(OSError, match="sh ended without an answer"):
            talk.hear(SOON)
        talk.tell("to nobody")


def test_silence_is_an_error_and_what_hangs_is_gone_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backup.conversation.GRACE", timedelta(seconds=0.2))
    with converse(shell("echo $$; exec sleep 60")) as talk:
        process = int(talk.hear(SOON))
        with pytest.raises(OSError, match="said nothing for 0 s"):
            talk.hear(timedelta(seconds=0.2))
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_what_is_not_installed_is_said() -> None:
    with pytest.raises(OSError, match="no-such-program is not installed"), converse(Command(("no-such-program",))):
        pass
