"""Servers whose file systems are held still while a snapshot of their volume is made, by the agent in the guest.

The operations host asks the server's compute over ssh, with a key that can ask for nothing else. What answers there is
``freeze_guest.py`` of role nova: it thaws when it is told to, when this side is gone, and at the deadline in any case. A
server that cannot be held still is backed up all the same: as after a power failure, and that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from backup.command import Command
from backup.conversation import Conversation, converse
from backup.records import Consistency
from tenants.machines import ssh_options

FOLDER = Path("/etc/oneroof/freeze")
"""Key, and the computes' own keys; role backup makes both."""
DEADLINE = timedelta(seconds=20)
"""How long a guest is held still at most. A snapshot takes a tenth of a second, or a few where storage is busy."""
PATIENCE = DEADLINE + timedelta(seconds=20)
"""For an answer: a compute that is gone is noticed by ssh before."""
FROZEN, THAWED = "frozen", "thawed"


@dataclass(frozen=True)
class Writer:
    """A server that may write while a snapshot is made."""

    server_id: str
    name: str
    host: str
    """Its compute, by the name that Nova and the inventory have for it."""


def make_still(writers: Sequence[Writer] | None, make: Callable[[], None], say: Callable[[str], None]) -> Consistency:
    """Make a snapshot while all writers are held still, where they can be; tell what it is. What ``make`` raises goes on.

    ``None`` where it is not known who writes.
    """
    if not writers:
        make()
        return Consistency.CRASH if writers is None else Consistency.IDLE
    with ExitStack() as held:
        try:
            talks = [_freeze(writer, held) for writer in writers]
        except OSError as error:
            held.close()
            say(f"its server cannot be held still: {error}")
            make()
            return Consistency.CRASH
        make()
        try:
            for talk in talks:
                talk.tell("thaw")
                _demand(talk, THAWED)
        except OSError as error:
            say(f"its server was not held still long enough: {error}")
            return Consistency.CRASH
    return Consistency.FROZEN


def build_freeze(writer: Writer, folder: Path = FOLDER) -> Command:
    """Ask a server's compute to hold it still."""
    options = ssh_options(folder / "id_ed25519", folder / "known_hosts", only_known=True)
    asked = f"{writer.server_id} {DEADLINE.total_seconds():.0f}"
    return Command(("ssh", "-F", "/dev/null", *options, "-T", f"root@{writer.host}", asked))


def _freeze(writer: Writer, held: ExitStack) -> Conversation:
    talk = held.enter_context(converse(build_freeze(writer)))
    _demand(talk, FROZEN)
    return talk


def _demand(talk: Conversation, expected: str) -> None:
    if (said := talk.hear(PATIENCE)) != expected:
        raise OSError(said)
