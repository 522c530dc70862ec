#!/usr/bin/python3
"""Hold a guest's file systems still for who asks by ssh, for some seconds at most.

Asked is ``<server's id> <seconds>``. It answers ``frozen``, or why not. Then it thaws: when it reads anything, or the end of
its input, or when the seconds are over; and answers ``thawed``, or ``late`` where the guest was not still until it was told.
A unit of systemd that outlives this program, armed before the guest is frozen, thaws at the deadline in any case.
"""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time

ASKED = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) ([1-9][0-9]?)")
THAW = 'for n in $(seq 60); do virsh --quiet --connect qemu:///system domfsthaw "$0" && exit; sleep 1; done; exit 1'
SPARE = 1.0
"""Seconds that this program is earlier than the unit."""


class RefusedError(Exception):
    """The guest is not held still; the message says why."""


class NoAnswerError(RefusedError):
    """The guest's agent did not answer: it may do what it was asked yet."""


def virsh(*words: str, seconds: float) -> int:
    """Run a command that ends with a number of file systems, and give that."""
    try:
        done = subprocess.run(
            ["virsh", "--connect", "qemu:///system", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            env={**os.environ, "LC_ALL": "C"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoAnswerError(f"{words[0]}: no answer of the guest's agent within {seconds:.0f} s") from None
    if done.returncode != 0:
        raise RefusedError(" ".join(done.stderr.split()) or f"{words[0]} ended with {done.returncode}")
    found = re.search(r"\d+", done.stdout)
    return int(found[0]) if found else 0


def arm(guest: str, seconds: int) -> str:
    """Have the guest thawed later, whatever becomes of this program; give the unit's name."""
    unit = f"oneroof-thaw-{guest}"
    when = ["--on-active", f"{seconds}s", "--timer-property=AccuracySec=100ms"]
    made = subprocess.run(
        ["systemd-run", "--quiet", "--collect", "--unit", unit, *when, "sh", "-c", THAW, guest],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:  # one that is there is of another who holds this guest
        raise RefusedError(f"nothing would thaw it: {' '.join(made.stderr.split())}")
    return unit


def disarm(unit: str) -> None:
    """Nothing is left to thaw."""
    subprocess.run(["systemctl", "stop", f"{unit}.timer"], check=False, capture_output=True)


def hold(guest: str, seconds: int) -> str:
    """Freeze, wait, thaw; give the last answer."""
    until = time.monotonic() + seconds - SPARE
    unit = arm(guest, seconds)
    try:
        count = virsh("domfsfreeze", guest, seconds=max(1.0, seconds / 2))
    except NoAnswerError:
        raise
    except RefusedError:
        disarm(unit)
        raise
    told, thawed = False, 0
    try:
        print("frozen", flush=True)
        told = bool(select.select([sys.stdin], [], [], max(0.0, until - time.monotonic()))[0])
    finally:  # who asked may be gone
        thawed = virsh("domfsthaw", guest, seconds=max(1.0, seconds / 2))
        disarm(unit)
    return "thawed" if told and thawed >= count > 0 else "late"


def main() -> int:
    """Answer what was asked by ssh."""
    asked = ASKED.fullmatch(os.environ.get("SSH_ORIGINAL_COMMAND", ""))
    if asked is None:
        print("expected the id of a server, and seconds", flush=True)
        return 2
    try:
        print(hold(asked[1], int(asked[2])), flush=True)
    except RefusedError as error:
        print(error, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
