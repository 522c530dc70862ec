"""How a long step tells that it goes on: a spinner with its log's last line on a terminal, lines elsewhere. On stderr."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import click

_POLL_SECONDS = 0.5


class Talk(Protocol):
    """Where long work says what it does."""

    def step(self, text: str, log: Path | None = None) -> contextlib.AbstractContextManager[None]:
        """Tell that a step runs for as long as the context is open; ``log`` grows meanwhile."""
        ...


class TerminalTalk:
    """Speaks to the person at the keyboard."""

    @contextlib.contextmanager
    def step(self, text: str, log: Path | None = None) -> Iterator[None]:
        """Show the step with its seconds, and its log's newest line and path."""
        begun = time.monotonic()
        ended = threading.Event()
        show = _spin if sys.stderr.isatty() else _print_lines
        follower = threading.Thread(target=show, args=(text, log, ended), daemon=True)
        follower.start()
        try:
            yield
        except BaseException:
            ended.set()
            follower.join()
            raise
        ended.set()
        follower.join()
        click.echo(f"✓ {text} ({time.monotonic() - begun:.1f} s)", err=True)


def _spin(text: str, log: Path | None, ended: threading.Event) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True)
    where = f"\n  [dim]log: {log}[/dim]" if log else ""
    with console.status(escape(text) + where) as status:
        while not ended.wait(_POLL_SECONDS):
            if log:
                line = escape(_last_line(log)[: max(20, console.width - 4)])
                status.update(f"{escape(text)}\n  [dim]{line}[/dim]{where}")


def _print_lines(text: str, log: Path | None, ended: threading.Event) -> None:
    click.echo(f"▸ {text}" + (f" (log: {log})" if log else ""), err=True)
    said = ""
    while log and not ended.wait(_POLL_SECONDS * 4):
        if (line := _last_line(log)) and line != said:
            click.echo(f"  {line}", err=True)
            said = line


def _last_line(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 2048))
            lines = file.read().decode(errors="replace").replace("\r", "\n").splitlines()
    except OSError:
        return ""
    tasks = [line.strip(" *") for line in lines if line.startswith("TASK [")]  # Ansible's other lines say nothing alone
    return tasks[-1] if tasks else next((line.strip() for line in reversed(lines) if line.strip()), "")
