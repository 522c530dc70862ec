"""Runs the host's programs; what they said on stderr stays in the error."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tenants.problem import Problem, UserError

_GRACE_SECONDS = 10.0  # what an interrupted program gets to put its things in order


@dataclass(frozen=True)
class Completed:
    """What a program left: its exit code and what it said."""

    returncode: int
    stdout: str
    stderr: str


class CommandError(UserError):
    """A program of the host could not do its work: the machine, its network or its disk, not a bug here."""

    def __init__(self, argv: Sequence[str], returncode: int, said: str, log: Path | None = None) -> None:
        self.returncode = returncode
        self.said = said
        short = shlex.join(argv) if len(shlex.join(argv)) < 100 else f"{shlex.join(argv)[:97]}..."
        reason = said.strip().splitlines()[-1].strip() if said.strip() else "it said nothing"
        super().__init__(Problem(f"`{short}` ended with {returncode}: {reason}", hint=f"see {log}" if log else ""))


def run(
    argv: Sequence[str],
    *,
    stdin: str | None = None,
    log: Path | None = None,
    environment: Mapping[str, str] | None = None,
    accept: Sequence[int] = (0,),
    timeout: float | None = None,
) -> Completed:
    """Run a program to its end; interrupted, it is ended with all that it started.

    ``log`` takes both outputs as they come (the result then holds none); ``environment`` adds to the present one.
    Raises :class:`CommandError` for an exit code that is not in ``accept``, a missing program, a timeout (seconds).
    """
    with contextlib.ExitStack() as stack:
        output: int | IO[bytes] = subprocess.PIPE
        start = 0
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(log.open("ab"))
            start = file.tell()
            file.write(f"$ {shlex.join(argv)}\n".encode())
            file.flush()
            output = file
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT if log else subprocess.PIPE,
                env={**os.environ, **(environment or {})},
                text=True,
                errors="replace",
                start_new_session=True,  # so that an interruption ends it through here, with its children
            )
        except FileNotFoundError as error:
            raise CommandError(argv, 127, "not found", log) from error
        with _ended(process):
            try:
                stdout, stderr = process.communicate(stdin, timeout)
            except subprocess.TimeoutExpired as error:
                raise CommandError(argv, 124, f"no end after {timeout:.0f} s", log) from error
        if process.returncode not in accept:
            raise CommandError(argv, process.returncode, stderr or _tail(log, start), log)
        return Completed(process.returncode, stdout or "", stderr or "")


@contextlib.contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """Leave no process behind, whatever happens inside."""
    try:
        yield
    except BaseException:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_SECONDS)
                break
        raise


def _tail(log: Path | None, start: int) -> str:
    if log is None:
        return ""
    with log.open("rb") as file:
        file.seek(max(start, log.stat().st_size - 4096))
        return file.read().decode(errors="replace")
