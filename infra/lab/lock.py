"""One at a time: a lock that ends with its process, however that ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import click

from infra.lab.progress import Talk
from tenants.problem import Problem, UserError

DIRECTORY = Path("/run/lock/oneroof")


@contextlib.contextmanager
def locked(name: str, talk: Talk | None = None, directory: Path = DIRECTORY) -> Iterator[None]:
    """Hold the lock of this name, waiting for who holds it; without ``talk`` raise ``BlockingIOError`` instead.

    Raises :class:`UserError` for a user who may not.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        file = (directory / f"{name}.lock").open("a+")
    except PermissionError as error:
        raise UserError(Problem(f"user: got id {os.geteuid()}, expected root", hint="run it with sudo")) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if talk is None:
                raise
            file.seek(0)
            click.echo(
                f"waiting for process {file.read().strip() or '?'}, which works on {name.replace('-', ' ', 1)}", err=True
            )
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
