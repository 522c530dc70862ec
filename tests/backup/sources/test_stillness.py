"""A snapshot is made whether or not its server can be held still, and what asks a compute asks for nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backup.records import Consistency
from backup.sources.stillness import Writer, build_freeze, make_still
from tenants.installation import repository

PROGRAM = repository() / "playbooks/roles/nova/files/freeze_guest.py"
SERVER = "3538900a-d83d-4543-bf59-915f344682de"


@pytest.mark.parametrize(("writers", "consistency"), [((), Consistency.IDLE), (None, Consistency.CRASH)])
def test_without_a_known_writer_nobody_is_held_still(writers: tuple[()] | None, consistency: Consistency) -> None:
    made: list[str] = []
    assert make_still(writers, lambda: made.append("snapshot"), made.append) is consistency
    assert made == ["snapshot"]


def test_a_compute_that_cannot_be_asked_is_said_and_the_snapshot_is_made_all_the_same() -> None:
    said: list[str] = []
    writer = Writer(SERVER, "portal", "compute.invalid")
    assert make_still([writer], lambda: said.append("snapshot"), said.append) is Consistency.CRASH
    assert said[0].startswith("its server cannot be held still: ")
    assert "compute.invalid" in said[0]
    assert said[1:] == ["snapshot"]


def test_what_hinders_the_snapshot_goes_on() -> None:
    def full() -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        make_still([Writer(SERVER, "portal", "compute.invalid")], full, lambda _: None)


def test_a_server_is_named_by_its_id(tmp_path: Path) -> None:
    argv = build_freeze(Writer(SERVER, "--portal; reboot", "site-a"), tmp_path).argv
    assert argv[-2:] == ("root@site-a", f"{SERVER} 20")
    assert "StrictHostKeyChecking=yes" in argv
    assert not any("reboot" in word for word in argv)


@pytest.mark.parametrize(
    "asked", ["", "reboot", SERVER, f"{SERVER} 0", f"{SERVER} 100", f"{SERVER} 20; reboot", "--help 20", f"{SERVER} 20\n"]
)
def test_a_compute_does_nothing_else(asked: str) -> None:
    done = subprocess.run(
        [sys.executable, PROGRAM],
        env={**os.environ, "SSH_ORIGINAL_COMMAND": asked},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stdout) == (2, "expected the id of a server, and seconds\n")
