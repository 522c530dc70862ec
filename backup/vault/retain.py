"""Removes from the vault's side what need no longer be kept: on record before it begins, and looked at afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backup.checking import load_checks
from backup.ending import Ending, explain, judge
from backup.ledger import load_entries
from backup.policy import VaultTerms
from backup.records import CheckRecord, DeletionRecord, Outcome, RepositoryRecord, append_records, load_backups, load_records
from backup.reread import in_doubt
from backup.restic import build_check, build_forget, build_prune
from backup.sources.taken import NotTakenError, Say
from backup.vault.freeze import freeze_unusual, load_frozen
from backup.vault.holdings import Holdings, pack_bytes, snapshot_ids
from backup.vault.place import Place
from backup.vault.records import PruneRecord, RetentionRecord
from backup.vault.retention import Chosen, choose
from backup.vault.unusual import Unusual, measure_stored

SKEW = timedelta(minutes=5)
"""By more than this the two machines' clocks may not differ: age is all that retention goes by."""
AT_ONCE = 100
"""Snapshots that one call of restic removes."""
REPACK = "2G"
"""As much at most does one prune write anew; without room for it the next one goes on."""


@dataclass(frozen=True)
class Retained:
    """What came of one department."""

    department: str
    chosen: Chosen
    removed: int
    freed: int
    """Bytes in packs that a prune gave back."""
    problems: tuple[str, ...] = ()
    """Why nothing, or not all of it, was done."""


def retain(
    place: Place,
    known: RepositoryRecord,
    kept_within: Mapping[str, timedelta],
    terms: VaultTerms,
    records: Path,
    by: str,
    say: Say,
    *,
    dry_run: bool = False,
    beyond: bool = False,
    prune: bool | None = None,
) -> Retained:
    """Remove what may go of one department, and give its space back where that is due (``prune`` says otherwise).

    Raises :class:`NotTakenError` where the repository cannot be read or is not the one on record.
    """
    department = place.department
    held = place.collect()
    if held.repository_id != known.repository_id:
        raise NotTakenError(f"the vault holds repository {held.repository_id[:8]}, expected {known.repository_id[:8]}")
    settle(records, known, held, by)
    own = [r for r in load_backups(records) if r.department == department]
    prunes = [p for p in load_records(PruneRecord, records) if p.repository_id == known.repository_id]
    chosen = choose(held, own, kept_within, terms, beyond=beyond)
    if not dry_run:
        ahead = [Unusual(department, d.thing, d.snapshot.id, d.snapshot.arrived_at, d.why) for d in chosen.quarantined]
        freeze_unusual(own, terms.freeze, measure_stored(held, prunes), records, say, ahead)
    if (problems := _hindrances(held, known, records, chosen)) or dry_run:
        return Retained(department, chosen, 0, 0, problems)
    room = place.make_room()
    try:
        removed = _forget(place, known, held, chosen, records, by, say) if chosen.goes else 0
        due = _prune_due(records, prunes, known, terms, datetime.now(UTC)) if prune is None else prune
        freed = _prune(place, known, terms, records, by, say) if due or room else 0
    except NotTakenError as error:
        return Retained(department, chosen, 0, 0, (str(error),))
    finally:
        place.keep_room()
    return Retained(department, chosen, removed, freed)


def attempt(known: RepositoryRecord, records: Path, by: str, work: Callable[[], Retained], *, dry_run: bool) -> Retained:
    """Do a retention, and put on record that it was tried; what hinders it is one of its problems."""
    started_at = datetime.now(UTC)
    try:
        done = work()
    except NotTakenError as error:
        done = Retained(known.department, Chosen((), ()), 0, 0, (str(error),))
    if not dry_run:
        reason, outcome = "; ".join(done.problems), Outcome.FAILED if done.problems else Outcome.VERIFIED
        held = len(done.chosen.decisions)
        told = (known.department, known.repository_id, started_at, datetime.now(UTC), by, held, done.removed, done.freed)
        append_records(records, [RetentionRecord(*told, outcome, reason)])
    return done


def settle(records: Path, known: RepositoryRecord, held: Holdings, by: str) -> None:
    """End deletions on record that were cut off: what of them is gone is told by what the repository holds."""
    here = {s.id for s in held.snapshots}
    last: dict[tuple[str, datetime], DeletionRecord] = {}
    for record in load_records(DeletionRecord, records):
        if record.repository_id == known.repository_id:
            last[(record.by, record.started_at)] = record
    for record in last.values():
        if record.outcome is Outcome.PENDING:
            gone = {i: why for i, why in record.snapshots.items() if i not in here}
            ended = f"it was cut off; {by} looked at what is left"
            done = replace(
                record, ended_at=datetime.now(UTC), snapshots=gone, left=len(here), outcome=Outcome.FAILED, reason=ended
            )
            append_records(records, [done])


def _hindrances(held: Holdings, known: RepositoryRecord, records: Path, chosen: Chosen) -> tuple[str, ...]:
    """Say everything that speaks against removing anything now."""
    said: list[str] = []
    if (frozen := load_frozen(records).get(known.department)) is not None:
        said.append(f"frozen since {frozen.recorded_at:%Y-%m-%d %H:%M}Z: {frozen.reason}")
    if doubt := in_doubt(load_checks(records, known)):
        said.append(f"its last check failed: {doubt}")
    now = datetime.now(UTC)
    if abs(held.at - now) > SKEW:
        said.append(f"the vault's clock says {held.at:%Y-%m-%d %H:%M:%S}Z, this machine's {now:%Y-%m-%d %H:%M:%S}Z")
    entries = load_entries(records)
    if entries and entries[-1].at > held.at + SKEW:
        last = f"{entries[-1].at:%Y-%m-%d %H:%M}Z"
        said.append(f"the vault's clock says {held.at:%Y-%m-%d %H:%M}Z, and the ledger has an entry of {last}")
    return (*said, *chosen.refused)


def _forget(place: Place, known: RepositoryRecord, held: Holdings, chosen: Chosen, records: Path, by: str, say: Say) -> int:
    """Remove what was chosen, by full ids alone; hold what is left against what was there."""
    wanted = chosen.goes
    demand_unlocked(place)
    say(f"{place.department}: removing {len(wanted)} of {len(held.snapshots)} snapshots")
    now = datetime.now(UTC)
    begun = DeletionRecord(
        place.department, known.repository_id, now, now, by, dict(wanted), len(held.snapshots), Outcome.PENDING
    )
    append_records(records, [begun])
    reasons: list[str] = []
    ids = list(wanted)
    for start in range(0, len(ids), AT_ONCE):
        ended = place.restic(build_forget(place.repository, ids[start : start + AT_ONCE]))
        if not ended.ok:
            reasons.append(explain(ended, place.version()))
            break
    after = snapshot_ids(place.files())
    before = {s.id for s in held.snapshots}
    gone = {i: why for i, why in wanted.items() if i not in after}
    if astray := sorted(before - after - set(wanted)):
        reasons.append(f"snapshots are gone that should have stayed: {', '.join(i[:8] for i in astray)}")
    if not reasons and len(gone) < len(wanted):
        reasons.append(f"{len(wanted) - len(gone)} snapshots are still there")
    outcome, reason = (Outcome.FAILED, "; ".join(reasons)) if reasons else (Outcome.VERIFIED, "")
    ended_at = datetime.now(UTC)
    done = replace(begun, ended_at=ended_at, snapshots=gone, left=len(after), outcome=outcome, reason=reason)
    append_records(records, [done])
    if reasons:
        raise NotTakenError(reason)
    return len(gone)


def _prune_due(
    records: Path, prunes: Sequence[PruneRecord], known: RepositoryRecord, terms: VaultTerms, now: datetime
) -> bool:
    """Tell whether something was removed since the last whole prune, and that is long enough ago; or one was cut off."""
    last = max(prunes, key=lambda p: p.started_at, default=None)
    if last is not None and last.outcome is not Outcome.GOOD:
        return True
    deletions = [d for d in load_records(DeletionRecord, records) if d.repository_id == known.repository_id and d.snapshots]
    if last is None:
        return bool(deletions)
    return any(d.ended_at > last.started_at for d in deletions) and now - last.started_at >= terms.prune_every


def _prune(place: Place, known: RepositoryRecord, terms: VaultTerms, records: Path, by: str, say: Say) -> int:
    """Give space back for as long as the policy allows, then look at the repository's structure."""
    demand_unlocked(place)
    say(f"{place.department}: giving space back")
    before, started_at = pack_bytes(place.files()), datetime.now(UTC)
    ended = place.restic(build_prune(place.repository, REPACK), timeout=terms.prune_within)
    version = place.version()
    if judge(ended, version) is Ending.FULL:  # what nobody needs goes first, and nothing is written anew
        ended = place.restic(build_prune(place.repository, "0"), timeout=terms.prune_within)
    place.clear_locks()
    after = pack_bytes(place.files())
    outcome = Outcome.GOOD if ended.ok else Outcome.PENDING if ended.timed_out else Outcome.FAILED
    reason = explain(ended, version)
    now = datetime.now(UTC)
    told = PruneRecord(place.department, known.repository_id, started_at, now, by, before, after, outcome, reason)
    checked_at = datetime.now(UTC)
    checked = place.restic(build_check(place.repository), timeout=timedelta(hours=6))
    doubt = explain(checked, version)
    found = Outcome.FAILED if doubt else Outcome.GOOD
    check = CheckRecord(
        place.department, known.repository_id, checked_at, datetime.now(UTC), 0, 0, found, checked.code, doubt
    )
    append_records(records, [told, check])
    if doubt or outcome is Outcome.FAILED:
        raise NotTakenError(doubt or reason)
    return max(0, before - after)


def demand_unlocked(place: Place) -> None:
    """Clear the locks of the dead; raise :class:`NotTakenError` that names who lives: retention is in no hurry."""
    if living := place.clear_locks():
        raise NotTakenError(f"{place.department}: the repository is in use: {living[0]}")
