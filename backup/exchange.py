"""Ledgers go from machine to machine: each holds a copy of the others', which only ever grows by entries that fit.

A copy that is no longer the beginning of what the other machine has is evidence of a change: it is kept, and said. What was
taken over is witnessed in this machine's own ledger, so that an end cut off later shows, even by who holds the other's key.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from backup.command import Command, run
from backup.declared import current_declared
from backup.ledger import FOLDER, WITNESS, append, is_line_signed, list_ledgers, parse_entry, public_key
from tenants.installation import Installation
from tenants.machines import Machine, load_machine
from tenants.problem import Problem, UserError

SITE_HOME = "/var/lib/oneroof/site"
"""Home of the installation on the operations host."""


@dataclass(frozen=True)
class Known:
    """How much of a ledger a machine holds."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Offer:
    """What a machine holds, and of each ledger what the asking one does not have yet."""

    known: Mapping[str, Known]
    tails: Mapping[str, bytes]
    changed: tuple[str, ...]
    """Ledgers of which the two hold different beginnings."""


def list_known(directory: Path) -> dict[str, Known]:
    """Give how much of each ledger this machine holds, whole lines only."""
    return {file.stem: _known(_whole(file)) for file in list_ledgers(directory)}


def build_offer(directory: Path, known: Mapping[str, Known]) -> Offer:
    """Give what this machine has beyond what another one knows."""
    tails, changed = {}, []
    for file in list_ledgers(directory):
        content, theirs = _whole(file), known.get(file.stem, Known(0, _known(b"").sha256))
        shared = min(len(content), theirs.bytes)
        if shared == theirs.bytes and _known(content[:shared]) != theirs:
            changed.append(file.stem)
        elif len(content) > theirs.bytes:
            tails[file.stem] = content[theirs.bytes :]
    return Offer(list_known(directory), tails, tuple(changed))


def accept(directory: Path, tails: Mapping[str, bytes]) -> None:
    """Add to the copies here what fits; raise :class:`UserError` for what does not, after all the rest was added."""
    problems: list[Problem] = []
    witnessed: list[dict[str, object]] = []
    for ledger, tail in tails.items():
        file = directory / FOLDER / f"{ledger}.jsonl"
        if file.with_suffix(".head").exists():  # this machine's own: nobody else can know more of it
            continue
        try:
            witnessed += _accept(file, tail)
        except ValueError as error:
            problems.append(Problem(f"ledger {ledger} was not taken over: {error}", "Run `oneroof evidence verify` there."))
    if witnessed:
        append(directory, [(WITNESS, record) for record in witnessed], current_declared())
    if problems:
        raise UserError.of(problems)


def fetch_ledgers(installation: Installation, host: Machine) -> None:
    """Take over what the operations host wrote or holds; raise :class:`UserError` where that fails."""
    offer = _ask(installation, host)
    accept(installation.records, offer.tails)
    _demand_unchanged(host, offer)


def update_ledgers(installation: Installation, say: Callable[[str], None]) -> None:
    """Take over what the operations host wrote meanwhile; where it does not answer, say that the records here have to do."""
    try:
        fetch_ledgers(installation, load_machine(installation, "operations"))
    except UserError as error:
        say(f"{error}\nGoing on with the records of this machine.")


def send_ledgers(installation: Installation, host: Machine) -> None:
    """Have the operations host take over what this machine wrote: the exporter there speaks of drills too."""
    there = _ask(installation, host)
    offer = build_offer(installation.records, there.known)
    _run(host, "receive", _encode(offer.tails))
    _demand_unchanged(host, offer)


def render_offer(offer: Offer) -> str:
    """Give an offer as one line of JSON."""
    known = {name: [k.bytes, k.sha256] for name, k in offer.known.items()}
    return json.dumps({"known": known, "tails": _encode(offer.tails), "changed": offer.changed})


def parse_offer(text: str) -> Offer:
    """Read an offer, or what one machine knows; raise :class:`UserError` for anything else."""
    try:
        values = json.loads(text)
        known = {_ledger(n): Known(int(k[0]), str(k[1])) for n, k in values.get("known", {}).items()}
        tails = {_ledger(n): base64.b64decode(t, validate=True) for n, t in values.get("tails", {}).items()}
        return Offer(known, tails, tuple(map(_ledger, values.get("changed", ()))))
    except (ValueError, AttributeError, TypeError, IndexError) as error:
        raise UserError("standard input: expected JSON with what is known of each ledger") from error


def _ask(installation: Installation, host: Machine) -> Offer:
    known = {name: [k.bytes, k.sha256] for name, k in list_known(installation.records).items()}
    return parse_offer(_run(host, "offer", known, "known"))


def _run(host: Machine, command: str, values: Mapping[str, object], name: str = "tails") -> str:
    script = f"ONEROOF_HOME={SITE_HOME} exec {shlex.join(('oneroof', 'backup', command))}"
    ended = run(Command(host.ssh(script)), stdin=json.dumps({name: values}).encode())
    if not ended.ok:
        raise UserError(Problem(f"{host.name}: the ledgers were not exchanged: {ended.reason}", "The next run does it."))
    return ended.stdout.decode("utf-8")


def _demand_unchanged(host: Machine, offer: Offer) -> None:
    if offer.changed:
        raise UserError(
            *(
                Problem(
                    f"{host.name}: ledger {name} does not begin there as it does here: one of the two was changed",
                    "`oneroof evidence verify` on both machines names the entry; runbooks/alerts/EvidenceChanged.md.",
                )
                for name in offer.changed
            )
        )


def _accept(file: Path, tail: bytes) -> list[dict[str, object]]:
    """Append the lines of a tail to a copy; give what is to be witnessed: the new end, if any."""
    content = _whole(file) if file.exists() else b""
    whole = tail[: tail.rfind(b"\n") + 1]
    if not whole:
        return []
    last = parse_entry(file.stem, content.splitlines(keepends=True)[-1]) if content else None
    kinds = set()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if last is None:
        first = whole.splitlines(keepends=True)[0]
        public = str(parse_entry(file.stem, first).record.get("public_key", ""))
    else:
        public = public_key(file)
    for line in whole.splitlines(keepends=True):
        entry = parse_entry(file.stem, line)
        if not is_line_signed(line, public):
            raise ValueError(f"entry {entry.number} is not signed by its key")
        kinds.add(entry.kind)
        last = entry
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.ftruncate(descriptor, len(content))
        os.lseek(descriptor, 0, os.SEEK_END)
        while whole:
            whole = whole[os.write(descriptor, whole) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if last is None or kinds <= {WITNESS}:
        return []
    return [{"ledger": file.stem, "entry": last.number, "hash": last.hash}]


def _whole(file: Path) -> bytes:
    content = file.read_bytes()
    return content[: content.rfind(b"\n") + 1]


def _known(content: bytes) -> Known:
    return Known(len(content), hashlib.sha256(content).hexdigest())


def _encode(tails: Mapping[str, bytes]) -> dict[str, str]:
    return {name: base64.b64encode(tail).decode() for name, tail in tails.items()}


def _ledger(name: str) -> str:
    if len(name) != 16 or not set(name) <= set("0123456789abcdef"):
        raise ValueError(f"{name!r} is no ledger")
    return name
