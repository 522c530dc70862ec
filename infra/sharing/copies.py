"""The records of sharing of all machines: the operations host takes back and gives by itself, and writes it down there.

A copy of its record lies beside this machine's own, and only ever grows: one that is no longer the beginning of what the
host has is evidence of a change, is kept, and said.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from infra.sharing.record import Entry, load_entries, record_file
from tenants.installation import Installation
from tenants.machines import Machine, load_machine
from tenants.problem import Problem, UserError
from tenants.writing import write_private

_RECORD = "/var/lib/oneroof/site/records/sharing.jsonl"
"""On the operations host, by the role ``operations``."""
HERE = "here"
_PATIENCE_SECONDS = 60


def fetch_record(installation: Installation) -> None:
    """Bring the copy up to date; raise :class:`UserError` where the host does not answer, or its record was altered."""
    host = load_machine(installation, "operations")
    file = _copy(installation, host.name)
    held, told = file.read_bytes() if file.exists() else b"", _read(host)
    if not told.startswith(held):
        hint = f"Compare it with the copy {file}, which is kept as it was."
        raise UserError(Problem(f"{host.name}: its record of sharing is not what it was", hint))
    if told != held:
        write_private(file, told)


def load_all(installation: Installation) -> Mapping[str, tuple[Entry, ...]]:
    """Give the lines of this machine and of every copy, by machine; raise :class:`UserError` for one that was altered."""
    own = record_file(installation)
    copies = {file.name.split(".")[1]: file for file in sorted(own.parent.glob("sharing.*.jsonl"))}
    return {HERE: load_entries(own), **{machine: load_entries(file) for machine, file in copies.items()}}


def merge(records: Mapping[str, tuple[Entry, ...]]) -> tuple[tuple[str, Entry], ...]:
    """Give all lines, each with its machine, oldest first; those of one machine stay in their order. Pure."""
    every = [(entry.at, machine, number, entry) for machine, of in records.items() for number, entry in enumerate(of)]
    return tuple((machine, entry) for _, machine, _, entry in sorted(every, key=lambda each: each[:3]))


def _copy(installation: Installation, machine: str) -> Path:
    return record_file(installation).with_name(f"sharing.{machine}.jsonl")


def _read(host: Machine) -> bytes:
    script = f"! test -e {_RECORD} || cat {_RECORD}"
    try:
        done = subprocess.run(host.ssh(script), capture_output=True, timeout=_PATIENCE_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise UserError(Problem(f"{host.name}: no answer in {_PATIENCE_SECONDS} s")) from error
    if done.returncode:
        words = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        raise UserError(Problem(f"{host.name}: its record of sharing cannot be read: {words}"))
    return done.stdout[: done.stdout.rfind(b"\n") + 1]
