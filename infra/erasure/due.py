"""What is approved to be erased, and what each erasure waits for; and doing what is due, with a record of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from backup.erased import is_of
from backup.proof import find_proof
from backup.records import BackupRecord, ErasureRecord, Outcome, Source, append_records
from infra.apply import Applied, OnStep, Site, current_of
from infra.erasure.erasing import Candidate, erase, find_going, look_closer, waits_for
from infra.outcome import load_outcome
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.erasure import Erasure, Thing, ThingKind, parse_thing
from tenants.declaration.model import Department
from tenants.declaration.rules.erasures import NO_RECOVERY
from tenants.declaration.things import data_inside

SOURCES: Mapping[ThingKind, Source] = {ThingKind.VOLUME: Source.VOLUME, ThingKind.CONTAINER: Source.CONTAINER}


@dataclass(frozen=True)
class Judged:
    """One erasure of one department as it stands now."""

    department: Department
    erasure: Erasure
    waits: str
    """What it waits for, as a sentence; empty where it is due."""
    candidate: Candidate | None = None
    snapshots: Mapping[Thing, str] = field(default_factory=dict)
    """Volumes and containers that go, each with its last verified snapshot; empty text where none is kept."""
    begun: ErasureRecord | None = None
    """The record of an earlier run that was interrupted: what it began is carried on with."""

    @property
    def is_due(self) -> bool:
        """Whether it may be erased now."""
        return not self.waits


def judge(
    site: Site,
    departments: Iterable[Department],
    catalogue: Catalogue,
    records: Sequence[BackupRecord],
    erasures: Sequence[ErasureRecord],
) -> Iterator[Judged]:
    """Judge every erasure that is declared; what is due by its days is looked at in the cloud. Writes nothing."""
    last = {(each.department, each.name): each for each in erasures}
    for department in departments:
        if not department.erasures:
            continue
        current = current_of(site, department, catalogue)
        outcome = load_outcome(site.installation, department.slug, site.engine.cloud)
        for erasure in department.erasures:
            begun = last.get((department.slug, str(erasure.thing)))
            if begun is not None and begun.outcome is not Outcome.VERIFIED and is_of(begun, erasure):
                yield Judged(department, erasure, "", begun=begun)
                continue
            waits = waits_for(erasure, current, outcome, catalogue, site.today)
            if waits or outcome is None:
                yield Judged(department, erasure, waits)
                continue
            yield judge_copies(department, look_closer(site, department, erasure, outcome), records)


def judge_copies(department: Department, candidate: Candidate, records: Sequence[BackupRecord]) -> Judged:
    """Judge whether all data that would go is in a verified backup, or was approved to go without one. Pure."""
    erasure, snapshots, reasons = candidate.erasure, dict[Thing, str](), list[str]()
    tiers = data_inside(department, erasure.thing)
    for thing, written in candidate.data.items():
        if tiers[thing] == NO_RECOVERY:
            snapshots[thing] = ""
            continue
        proof = find_proof(records, department.slug, SOURCES[thing.kind], thing.path, written)
        snapshots[thing] = proof.snapshot_id
        reasons += [proof.reason] if proof.reason else []
    if candidate.undeclared and not erasure.without_backup:
        made = ", ".join(candidate.undeclared)
        reasons.append(f"{made}: made by hand, in no backup: declare it, or say without_backup and why")
    return Judged(department, erasure, "; ".join(reasons), candidate, snapshots)


def erase_due(
    site: Site, catalogue: Catalogue, due: Sequence[Judged], *, on_step: OnStep
) -> Iterator[tuple[Applied, tuple[ErasureRecord, ...]]]:
    """Erase what is due, department by department; that it begins is on record before, and how it ended afterwards."""
    by_department: dict[str, list[Judged]] = {}
    for each in due:
        by_department.setdefault(each.department.slug, []).append(each)
    for slug, own in by_department.items():
        department, started_at = own[0].department, datetime.now(UTC)
        found = find_going(site, slug, [each.erasure.thing for each in own])
        begun = [each.begun or build_record(each, found, started_at) for each in own]
        append_records(
            site.installation.records, [record for record, each in zip(begun, own, strict=True) if not each.begun]
        )
        going = found | {parse_thing(what): id_ for record in begun for what, id_ in record.identifiers.items()}
        done, left = erase(site, department, catalogue, going, on_step=on_step)
        ended: tuple[ErasureRecord, ...] = ()
        if done.state != "failed":
            ended = tuple(end_record(record, left, datetime.now(UTC)) for record in begun)
            append_records(site.installation.records, ended)
        yield done, ended


def build_record(judged: Judged, going: Mapping[Thing, str], started_at: datetime) -> ErasureRecord:
    """Give the record of an erasure that begins. Pure."""
    erasure, candidate = judged.erasure, judged.candidate
    return ErasureRecord(
        department=judged.department.slug,
        name=str(erasure.thing),
        started_at=started_at,
        ended_at=started_at,
        reason=erasure.reason,
        approved_by=list(erasure.approved_by),
        approved_on=erasure.approved_on.isoformat(),
        not_before=erasure.not_before.isoformat(),
        expires=erasure.expires.isoformat(),
        quarantined_at=candidate.since.isoformat() if candidate else "",
        snapshots={str(thing): snapshot for thing, snapshot in judged.snapshots.items()},
        without_backup=erasure.without_backup,
        identifiers={str(thing): id_ for thing, id_ in going.items() if erasure.thing.holds(thing)},
        left=[],
        outcome=Outcome.PENDING,
    )


def end_record(begun: ErasureRecord, left: Sequence[str], ended_at: datetime) -> ErasureRecord:
    """Give the last state of an erasure: verified where nothing of it is found any more. Pure."""
    return replace(begun, ended_at=ended_at, left=list(left), outcome=Outcome.FAILED if left else Outcome.VERIFIED)
