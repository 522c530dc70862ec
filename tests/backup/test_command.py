"""Programs are judged by how they end, each on its own; a stream counts only when all of it went through."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from backup.command import NOT_FOUND, Command, beside, pipe, run
from tenants.installation import repository

SOON = timedelta(seconds=1)


def sh(script: str, **environment: str) -> Command:
    return Command(("sh", "-c", script), environment)


STORE = """
import os, signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
open(os.environ["TARGET"] + ".ready", "w").close()
data = sys.stdin.buffer.read()
time.sleep(0.3)  # restic writes its last pack and index before the snapshot; the signal of a dead parent comes after the EOF
open(os.environ["TARGET"], "wb").write(data)
"""


def wait_for(happened: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)


def command_lines_and_environments() -> Iterator[bytes]:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            yield (process / "cmdline").read_bytes() + (process / "environ").read_bytes()


def sink(file: Path) -> Command:
    """Give a program that, like restic, stores what it read when it sees the end of it, and nothing after SIGINT."""
    return Command((sys.executable, "-c", STORE), {"TARGET": str(file)})


def test_output_talk_and_code_are_kept_apart() -> None:
    done = run(sh("cat; echo talk >&2; exit 3"), stdin=b"answer")
    assert (done.code, done.stdout, done.stderr, done.ok) == (3, b"answer", "talk\n", False)
    assert done.reason == "sh ended with 3: talk"


def test_a_program_that_is_not_there_is_a_result() -> None:
    done = run(Command(("no-such-program-here",)))
    assert (done.code, done.reason) == (NOT_FOUND, "no-such-program-here is not installed")


def test_a_program_that_hangs_is_interrupted_then_killed() -> None:
    started = time.monotonic()
    done = run(sh("exec sleep 60"), timeout=timedelta(seconds=0.3))
    assert done.timed_out
    assert done.code == -signal.SIGINT
    assert time.monotonic() - started < 10


IN_THE_BACKGROUND = """
from datetime import timedelta
from backup.command import Command, beside, run
print(run(Command(("sleep", "60")), timeout=timedelta(seconds=0.3)).code)
with beside(Command(("sh", "-c", "echo ready; exec sleep 60"))):
    pass
"""


def test_what_a_shell_started_in_the_background_can_interrupt_its_programs_too() -> None:
    """A shell's ``&`` has SIGINT ignored, which programs inherit: restic would be killed, and leave its lock."""
    words = ["bash", "-c", 'trap "" INT; exec "$@"', "bash", sys.executable, "-c", IN_THE_BACKGROUND]
    started = time.monotonic()
    done = subprocess.run(words, check=True, capture_output=True, text=True, cwd=repository())
    assert done.stdout.split() == [str(-signal.SIGINT)]
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("script", ["sleep 60 & exec sleep 60", "sleep 60 & exit 0"], ids=["it hangs", "it ended"])
def test_what_a_program_left_behind_keeps_nobody_waiting(script: str) -> None:
    """A child holds the pipes open: their end never comes."""
    started = time.monotonic()
    assert run(sh(script), timeout=timedelta(seconds=0.3)).timed_out
    done = pipe(sh(script), Command(("cat",)), silence=timedelta(seconds=0.3))
    assert not done.ok
    assert time.monotonic() - started < 20


def test_much_talk_does_not_fill_the_memory() -> None:
    done = run(sh("i=0; while [ $i -lt 20000 ]; do echo 0123456789 >&2; i=$((i+1)); done; echo last >&2"))
    assert len(done.stderr) <= 70_000
    assert done.stderr.endswith("last\n")


def test_output_goes_to_a_file_of_the_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "dump"
    assert run(sh("echo secret"), output=file).ok
    assert file.read_text() == "secret\n"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_whole_stream_arrives_with_its_size_and_sum(tmp_path: Path) -> None:
    data = os.urandom(3_000_001)
    (tmp_path / "source").write_bytes(data)
    piped = pipe(Command(("cat", str(tmp_path / "source"))), sink(tmp_path / "stored"), expected_bytes=len(data))
    assert piped.ok, piped.reason
    assert (piped.bytes, piped.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (tmp_path / "stored").read_bytes() == data


def test_a_source_that_fails_stores_nothing(tmp_path: Path) -> None:
    piped = pipe(sh("echo half; echo broken >&2; exit 3"), sink(tmp_path / "stored"))
    assert piped.reason == "sh ended with 3: broken"
    assert piped.sink.code != 0
    assert not (tmp_path / "stored").exists()


def test_a_stream_cut_short_stores_nothing(tmp_path: Path) -> None:
    piped = pipe(sh("echo half"), sink(tmp_path / "stored"), expected_bytes=10)
    assert piped.reason == "sh gave 5 bytes, expected 10"
    assert not (tmp_path / "stored").exists()


def test_an_empty_stream_stores_nothing(tmp_path: Path) -> None:
    assert pipe(sh(":"), sink(tmp_path / "stored")).reason == "sh gave nothing"
    assert not (tmp_path / "stored").exists()


def test_a_stream_that_hangs_stores_nothing(tmp_path: Path) -> None:
    piped = pipe(sh("echo half; exec sleep 60"), sink(tmp_path / "stored"), timeout=SOON)
    assert piped.source.timed_out
    assert not piped.ok
    assert not (tmp_path / "stored").exists()


def test_a_sink_that_fails_ends_the_source() -> None:
    piped = pipe(sh("exec cat /dev/zero"), sh("head -c 10 >/dev/null; echo full >&2; exit 1"))
    assert piped.reason == "sh ended with 1: full"


def test_a_sink_that_ends_early_with_0_is_a_failure() -> None:
    assert not pipe(sh("exec cat /dev/zero"), sh("exec true")).ok


def test_killed_in_the_midst_it_stores_nothing(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from backup.command import Command, pipe\n"
        f"pipe(Command(('sh', '-c', 'echo half; touch {tmp_path}/begun; exec sleep 60')), "
        f"Command((sys.executable, '-c', {STORE!r}), {{'TARGET': '{tmp_path}/stored'}}))"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", script], cwd=root, env={**os.environ, "PYTHONPATH": str(root)}) as process:
        wait_for(lambda: (tmp_path / "begun").exists() and (tmp_path / "stored.ready").exists())
        process.kill()
    wait_for(lambda: not any(str(tmp_path).encode() in line for line in command_lines_and_environments()))
    assert not (tmp_path / "stored").exists()


def test_a_program_beside_runs_as_long_as_the_block_and_no_longer() -> None:
    with beside(sh("cat >&2; echo $$ >&2; echo ready; exec sleep 600"), stdin=b"draft\n") as said:
        wait_for(lambda: len(said().split()) == 2)
        draft, pid = said().split()
        assert draft == "draft"
        assert Path(f"/proc/{pid}").exists()
    assert not Path(f"/proc/{pid}").exists()


def test_a_program_beside_that_ends_before_it_is_ready_is_an_error_that_says_why() -> None:
    with (
        pytest.raises(OSError, match="sh did not start: no such mountpoint"),
        beside(sh("echo no such mountpoint >&2; exit 1")),
    ):
        pass
