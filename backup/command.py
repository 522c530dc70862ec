"""The only place of ``backup`` that starts a program.

Programs get argument lists, never a shell line; secrets reach them as files or environment, never as arguments; exit codes
are data that the caller judges. Two programs in a pipe are judged each on its own: the second one sees the end of its input
only after the first one ended well, so a stream cut short can never be stored as if it were whole.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from plumbum import CommandNotFound, local

from backup.reading import KEPT, Reader

NOT_FOUND = 127
"""Exit code reported for a program that is not installed, as a shell does."""
GRACE = timedelta(seconds=30)
"""How long a program may take to clean up after SIGINT before it is killed."""
SILENCE = timedelta(minutes=30)
"""How long a program may make no progress before it is taken for one that hangs."""
CHUNK = 1 << 20


@dataclass(frozen=True)
class Command:
    """What to start: a program, its arguments, what it finds in its environment, and where it runs."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    directory: Path | None = None


@dataclass(frozen=True)
class Completed:
    """How a program ended."""

    argv: tuple[str, ...]
    code: int
    """Exit code; negative where a signal ended it."""
    stdout: bytes
    stderr: str
    """The last of what it said."""
    seconds: float
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        """Whether it ended with 0, the only code that means success."""
        return self.code == 0 and not self.timed_out

    @property
    def reason(self) -> str:
        """One sentence on why it failed; empty where it did not."""
        if self.ok:
            return ""
        said = " ".join(self.stderr.split())[-400:] or "it said nothing"
        if self.code == NOT_FOUND:
            return f"{self.argv[0]} is not installed"
        how = f"was stopped after {self.seconds:.0f} s without an end" if self.timed_out else f"ended with {self.code}"
        return f"{self.argv[0]} {how}: {said}"


@dataclass(frozen=True)
class Piped:
    """How two programs in a pipe ended, and what went through between them."""

    source: Completed
    sink: Completed
    bytes: int
    sha256: str
    reason: str
    """Why the stream does not count; empty where it does."""

    @property
    def ok(self) -> bool:
        """Whether the whole stream arrived and both programs ended well."""
        return not self.reason


def run(
    command: Command,
    *,
    stdin: bytes = b"",
    timeout: timedelta = timedelta(hours=6),
    output: Path | None = None,
    say: Callable[[str], None] | None = None,
    progress: Callable[[str], bool] | None = None,
    silence: timedelta = SILENCE,
) -> Completed:
    """Run one program to its end.

    ``output`` receives its standard output instead of memory (readable by the owner alone); ``say`` gets each line of its
    standard error as it comes. ``progress`` gets each line of its standard output and tells whether the program went on;
    where it tells so for no line during ``silence``, the program is stopped. Raises nothing for a failing program.
    """
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        target: int | IO[bytes] = subprocess.PIPE
        if output is not None:
            target = stack.enter_context(os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"))
        process = start(command, stdin=subprocess.PIPE, stdout=target)
        if process is None:
            return _missing(command)
        with _Watchdog(timeout, process, silence=silence if progress else None) as watchdog:

            def went_on(line: str) -> None:
                if progress is not None and progress(line):
                    watchdog.beat()

            talk = Reader(process.stderr, say)
            heard = went_on if progress else None
            answer = Reader(process.stdout, heard, limit=KEPT if progress else None) if output is None else None
            _write_all(process, stdin)
            code = process.wait()
            said, answered = talk.finish(), answer.finish() if answer else b""
    return Completed(command.argv, code, answered, _text(said), time.monotonic() - started, watchdog.fired)


@contextlib.contextmanager
def beside(
    command: Command, *, stdin: bytes = b"", patience: timedelta = timedelta(minutes=1)
) -> Iterator[Callable[[], str]]:
    """Run a program beside the block, from the first line that it writes until the block is left, on any way.

    Gives what it said on standard error so far. Raises ``OSError`` where it ends, or says nothing in time, before its line.
    """
    process = start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bound_to_us=True)
    if process is None:
        raise OSError(_missing(command).reason)
    said: deque[str] = deque(maxlen=20)
    ready = threading.Event()
    talk = Reader(process.stderr, said.append)
    answer = Reader(process.stdout, lambda _: ready.set())

    def watch_end() -> None:
        process.wait()
        ready.set()

    watch = threading.Thread(target=watch_end, daemon=True)
    watch.start()
    try:
        _write_all(process, stdin)
        if not ready.wait(patience.total_seconds()) or process.poll() is not None:
            stop(process)
            talk.finish()
            raise OSError(f"{command.argv[0]} did not start: {' '.join(said) or 'it said nothing'}")
        yield lambda: " ".join(said)
    finally:
        stop(process)
        for thread in (talk, answer):
            thread.finish()
        watch.join()


def attach(command: Command) -> int:
    """Run a program with this terminal as its own; give its exit code."""
    try:
        program = local[command.argv[0]]
    except CommandNotFound:
        return NOT_FOUND
    process = program[list(command.argv[1:])].popen(stdin=None, stdout=None, stderr=None, env=dict(command.environment))
    try:
        return int(process.wait())
    except KeyboardInterrupt:  # the program got it too: wait for its own ending
        return int(process.wait())


def pipe(
    source: Command,
    sink: Command,
    *,
    expected_bytes: int | None = None,
    timeout: timedelta = timedelta(hours=24),
    silence: timedelta = SILENCE,
    progress: Callable[[int], None] | None = None,
    through: Callable[[IO[bytes]], Iterator[bytes]] | None = None,
) -> Piped:
    """Feed what ``source`` writes to ``sink``, with size and sha256 taken on the way.

    Where ``source`` fails or its size is not ``expected_bytes``, ``sink`` is interrupted before it sees the end of its
    input: a program that stores on end of file then stores nothing. Where nothing goes through during ``silence``, both
    are stopped. ``through`` makes of what ``source`` writes what ``sink`` reads, and compares it by its own means: its
    ``ValueError`` is a failure of the stream, and no sha256 is taken.
    """
    started = time.monotonic()
    first = start(source, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    if first is None:
        return _no_stream(_missing(source), sink)
    second = start(sink, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bound_to_us=True)
    if second is None:
        stop(first, timedelta(0))
        return _no_stream(Completed(source.argv, first.wait(), b"", "", 0.0), sink, _missing(sink))
    digest, count = hashlib.sha256(), 0
    with _Watchdog(timeout, first, second, silence=silence) as watchdog:
        first_talk, second_talk, answer = Reader(first.stderr), Reader(second.stderr), Reader(second.stdout)
        stopped, wrong = False, ""
        try:
            for chunk in (through or _chunks)(first.stdout):
                try:
                    second.stdin.write(chunk)
                except BrokenPipeError:
                    stopped = True
                    break
                watchdog.beat()
                if through is None:
                    digest.update(chunk)
                count += len(chunk)
                if progress is not None:
                    progress(count)
        except ValueError as error:
            wrong = str(error)
            stopped = bool(first.stdout.read(1))  # else it is at its end, and its own reason says more
        if stopped:
            stop(first)
        first_code = first.wait()
        reason = wrong if stopped else ""
        if not stopped and not watchdog.fired:
            if first_code != 0:
                reason = Completed(source.argv, first_code, b"", _text(first_talk.finish()), 0.0).reason
            elif wrong:
                reason = wrong
            elif expected_bytes is not None and count != expected_bytes:
                reason = f"{source.argv[0]} gave {count} bytes, expected {expected_bytes}"
            elif count == 0:
                reason = f"{source.argv[0]} gave nothing"
        watchdog.beat()
        if reason or watchdog.fired:
            stop(second)
        with contextlib.suppress(BrokenPipeError):
            second.stdin.close()
        second_code = second.wait()
        seconds = time.monotonic() - started
        texts = _text(first_talk.finish()), _text(second_talk.finish())
        answered = answer.finish()
    left = Completed(source.argv, first_code, b"", texts[0], seconds, watchdog.fired)
    right = Completed(sink.argv, second_code, answered, texts[1], seconds, watchdog.fired)
    return Piped(left, right, count, digest.hexdigest() if through is None else "", reason or right.reason or left.reason)


def start(command: Command, *, stdin: int, stdout: int | IO[bytes], bound_to_us: bool = False) -> Any | None:
    """Start a program that is looked after by who starts it; nothing where it is not installed."""
    try:
        words = [str(local[command.argv[0]].executable), *command.argv[1:]]
        if bound_to_us:  # if we are killed, it is interrupted, and does not take our end for the end of its input
            words = ["setpriv", "--pdeathsig", "INT", *words]
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's "&" and nohup: programs would inherit it
            words = ["env", "--default-signal=INT", *words]
        bound = local[words[0]][words[1:]]
    except CommandNotFound:
        return None
    # A session of its own: Ctrl-C reaches this process alone, which then ends its programs in order.
    process = bound.popen(
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=None if command.directory is None else str(command.directory),
        env=dict(command.environment),
        new_session=True,
    )
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):  # an unprivileged user's pipes may be limited; only speed is lost
                fcntl.fcntl(stream, fcntl.F_SETPIPE_SZ, CHUNK)
    return process


def _missing(command: Command) -> Completed:
    return Completed(command.argv, NOT_FOUND, b"", "not installed", 0.0)


def _no_stream(source: Completed, sink: Command, ended: Completed | None = None) -> Piped:
    after = ended or Completed(sink.argv, 0, b"", "not started", 0.0)
    return Piped(source, after, 0, hashlib.sha256().hexdigest(), after.reason or source.reason)


def _chunks(stream: Any) -> Iterator[bytes]:
    while chunk := stream.read1(CHUNK):  # what is there: waiting for more would look like silence
        yield chunk


def _write_all(process: Any, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError):  # a program may end without reading; its exit code says why
        process.stdin.write(data)
        process.stdin.close()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def stop(process: Any, grace: timedelta = GRACE) -> None:
    """Ask with SIGINT (the one signal after which restic 0.14 removes its lock), then kill, with all that it started."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=grace.total_seconds())
    _kill_group(process)


def _kill_group(process: Any) -> None:
    """Kill a program that does not end, and what it left behind: a child that holds its pipe would keep us waiting."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class _Watchdog:
    """Stops programs that outlive their time, by the monotonic clock, and on any way out of the block."""

    def __init__(self, timeout: timedelta, *processes: Any, silence: timedelta | None = None) -> None:
        self.fired = False
        self._silence = None if silence is None else silence.total_seconds()
        self._beaten = time.monotonic()
        self._processes: Sequence[Any] = processes
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(timeout.total_seconds(),), daemon=True)

    def __enter__(self) -> _Watchdog:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        for process in self._processes:
            stop(process)

    def beat(self) -> None:
        """Tell that the programs went on."""
        self._beaten = time.monotonic()

    def _watch(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            ends = until if self._silence is None else min(until, self._beaten + self._silence)
            if (left := ends - time.monotonic()) <= 0:
                break
            if self._done.wait(left):
                return
        self.fired = True
        for process in self._processes:
            stop(process)
            _kill_group(process)
