"""One retention at a time: the lease is real, names its holder, and dies with whoever holds it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from backup.vault.lease import FILE, PULSE_SECONDS, lease
from backup.vault.place import Place
from tenants.problem import UserError


def place(directory: Path) -> Place:
    return Place(lambda script: ("bash", "-c", script), "site-b", str(directory), "", "", "")


def holder(directory: Path) -> subprocess.Popen[bytes]:
    """Hold it in a process of its own, as another operator's machine does."""
    code = (
        "import sys, time; from backup.vault.lease import lease; from backup.vault.place import Place\n"
        "with lease(Place(lambda s: ('bash', '-c', s), 'site-b', sys.argv[1], '', '', ''), 'ann@elsewhere'):\n"
        "    print('held', flush=True); time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(directory)], stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"held\n"
    return process


def test_who_comes_second_is_told_who_holds_it(tmp_path: Path) -> None:
    with (
        lease(place(tmp_path), "ann@here"),
        pytest.raises(UserError, match=r"site-b: another retention is at work: ann@here since 20\d\d-"),
        lease(place(tmp_path), "bob@there"),
    ):
        pytest.fail("two hold it")
    with lease(place(tmp_path), "bob@there"):
        assert (tmp_path / FILE).read_text().startswith("bob@there since")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda s: s.name)
def test_a_dead_holder_holds_nothing(tmp_path: Path, how: signal.Signals) -> None:
    process = holder(tmp_path)
    with pytest.raises(UserError, match="ann@elsewhere"), lease(place(tmp_path), "bob@here"):
        pytest.fail("two hold it")
    process.send_signal(how)
    process.wait()
    taken = wait_for(lambda: take(tmp_path))
    assert taken < 2 * PULSE_SECONDS + 5


def test_a_vault_without_its_directory_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the lease of the vault cannot be had"), lease(place(tmp_path / "gone"), "me"):
        pytest.fail("it was not there")


@pytest.mark.parametrize("by", ["$(touch pwned)", "a'; touch pwned; '", "-n"])
def test_who_holds_it_is_text(tmp_path: Path, by: str) -> None:
    with lease(place(tmp_path), by):
        assert [f.name for f in tmp_path.iterdir()] == [FILE]
        assert (tmp_path / FILE).read_text().startswith(f"{by} since 20")


def take(directory: Path) -> bool:
    try:
        with lease(place(directory), "bob@here"):
            return True
    except UserError:
        return False


def wait_for(done: Callable[[], bool]) -> float:
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < 60
        time.sleep(0.5)
    return time.monotonic() - began
