"""Splits, seals, opens and tries an escrow: the shell around its parts."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from backup.command import Command, run
from backup.drill import VAULT_DIRECTORY, render_restic
from backup.escrow.bundle import Bundle, collect_bundle, parse_bundle, render_bundle
from backup.escrow.record import Escrow, EscrowRecord, find_outdated, load_escrow, sealed_file, store_escrow
from backup.escrow.sealing import combine, seal, split, unseal
from backup.escrow.share import Share, load_share, render_share
from backup.opening import find_repository
from backup.records import Outcome, append_records
from backup.restic import parse_repository_id
from backup.sources.taken import Say
from tenants.installation import Installation
from tenants.machines import Machine, load_machine
from tenants.problem import Problem, UserError
from tenants.writing import write_private

DEPOSIT = "/var/lib/oneroof/escrow"
"""On the vault's machine: the newest sealed content of each installation; it opens for nobody there."""


def split_escrow(installation: Installation, folder: Path, threshold: int, holders: Sequence[str], say: Say) -> Escrow:
    """Make a new escrow and write each holder's share into a new folder; shares of an older one are void afterwards."""
    started_at, known = datetime.now(UTC), load_escrow(installation)
    made = split(len(holders), threshold)
    bundle = collect_bundle(installation, known.version + 1 if known else 1, started_at)
    sealed = seal(render_bundle(bundle), made.public_key)
    folder.mkdir(parents=True, mode=0o700)
    for number, (words, holder) in enumerate(zip(made.shares, holders, strict=True), start=1):
        text = render_share(
            Share(words, sealed),
            installation=installation.name,
            number=number,
            shares=len(holders),
            threshold=threshold,
            holder=holder,
            split_on=f"{started_at:%Y-%m-%d}",
            version=bundle.version,
        )
        write_private(folder / f"share-{number}-of-{len(holders)}.txt", text)
    public = base64.b64encode(made.public_key).decode()
    escrow = Escrow(public, len(holders), threshold, started_at.isoformat(timespec="seconds"), 0, "", (), "")
    return _keep(installation, escrow, bundle, sealed, "split", say)


def seal_escrow(installation: Installation, say: Say) -> Escrow:
    """Seal what there is now for the holders there are; raise :class:`UserError` where nothing was ever split."""
    escrow = load_escrow(installation)
    if escrow is None:
        raise UserError(Problem("nothing is in escrow yet", "`oneroof escrow split` makes the shares."))
    bundle = collect_bundle(installation, escrow.version + 1, datetime.now(UTC))
    sealed = seal(render_bundle(bundle), base64.b64decode(escrow.public_key))
    return _keep(installation, escrow, bundle, sealed, "seal", say)


def keep_current(installation: Installation, say: Say) -> None:
    """Seal anew where there is an escrow and it would not bring back what there is now."""
    if (escrow := load_escrow(installation)) is None:
        return
    bundle = collect_bundle(installation, escrow.version, datetime.now(UTC))
    if find_outdated(escrow, bundle.repositories, bundle.digest):
        say(f"escrow: version {seal_escrow(installation, say).version} holds what there is now")


def open_shares(files: Iterable[Path], vault: Machine | None, name: str) -> list[Bundle]:
    """Open what the shares and the vault's machine have, newest first; raise :class:`UserError` where none opens."""
    shares = [load_share(file) for file in files]
    key = combine([share.words for share in shares])
    sealed = {share.sealed for share in shares if share.sealed}
    if vault is not None:
        deposit = run(Command(vault.ssh(f"cat {DEPOSIT}/{shlex.quote(name)}.sealed 2>/dev/null || true")))
        sealed |= {deposit.stdout} - {b""}
    bundles, reason = [], "neither the shares nor the vault's machine hold any"
    for content in sealed:
        try:
            bundles.append(parse_bundle(unseal(content, key)))
        except ValueError as error:
            reason = str(error)
    if not bundles:
        raise UserError(Problem(f"the shares fit together, but no sealed content opens: {reason}"))
    return sorted(bundles, key=lambda bundle: bundle.version, reverse=True)


def drill_escrow(installation: Installation, files: Sequence[Path], say: Say) -> EscrowRecord:
    """Combine shares and open each repository at the vault with what they give, nothing of the home used; record it."""
    started_at, vault = datetime.now(UTC), load_machine(installation, "vaults")
    bundle = open_shares(files, vault, installation.name)[0]
    opened, problems = [], []
    for name, keys in bundle.repositories.items():
        directory = str(vault.variables.get("vault_directory", VAULT_DIRECTORY))
        asked = run(Command(vault.ssh(render_restic(directory, name, "cat", "config"))), stdin=keys.restic_password.encode())
        known = find_repository(installation.records, name)
        if not asked.ok:
            problems.append(f"{name} does not open")
        elif known and parse_repository_id(asked.stdout) != known.repository_id:
            problems.append(f"{name} is another repository than the ledger's")
        else:
            opened.append(name)
            say(f"{name}: opened")
    escrow = load_escrow(installation)
    record = EscrowRecord(
        "drill",
        started_at,
        datetime.now(UTC),
        bundle.version,
        escrow.shares if escrow else 0,
        len(files),
        tuple(opened),
        Outcome.FAILED if problems else Outcome.VERIFIED,
        "; ".join(problems),
    )
    append_records(installation.records, [record])
    return record


def _keep(installation: Installation, escrow: Escrow, bundle: Bundle, sealed: bytes, what: str, say: Say) -> Escrow:
    """Write the newest sealing here and to the vault's machine, and record it."""
    now = replace(
        escrow,
        version=bundle.version,
        sealed_at=bundle.sealed_at.isoformat(timespec="seconds"),
        repositories=tuple(bundle.repositories),
        digest=bundle.digest,
    )
    write_private(sealed_file(installation), sealed)
    store_escrow(installation, now)
    target = f"{DEPOSIT}/{shlex.quote(installation.name)}.sealed"
    script = f"umask 077 && mkdir -p {DEPOSIT} && cat > {target}.new && mv {target}.new {target}"
    sent = run(Command(load_machine(installation, "vaults").ssh(script)), stdin=sealed)
    if not sent.ok:
        say(f"the vault's machine did not take it: {sent.reason}\n  HINT: `oneroof escrow seal` tries again.")
    outcome, reason = (Outcome.VERIFIED, "") if sent.ok else (Outcome.FAILED, sent.reason)
    record = EscrowRecord(
        what,
        bundle.sealed_at,
        datetime.now(UTC),
        bundle.version,
        escrow.shares,
        escrow.threshold,
        tuple(bundle.repositories),
        outcome,
        reason,
    )
    append_records(installation.records, [record])
    return now
