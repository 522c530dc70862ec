"""What a withdrawal leaves behind: a record where data goes, begun before and ended after, and a look in every service."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from backup.records import ErasureRecord, Outcome, append_records, load_records
from infra.apply import Site
from infra.erasure.due import end_record
from infra.erasure.erasing import Gone, find_going, find_left, find_people
from infra.gateway import remove_accounts
from infra.programs import stacks
from infra.provider.failure import as_cloud_error
from infra.provider.leftovers import delete_leftovers, find_given, find_key_pairs
from infra.provider.serving import cloud_of
from tenants.declaration.erasure import Thing, ThingKind, parse_thing
from tenants.installation import Installation

REASON = "withdrawn by the operator with --erase-data"
_OPEN = (Outcome.PENDING, Outcome.FAILED)
_DATA = (ThingKind.VOLUME, ThingKind.CONTAINER)


@dataclass(frozen=True)
class Withdrawal:
    """One department that goes."""

    slug: str
    gone: Gone
    record: ErasureRecord | None
    """That it began; nothing where no data goes."""


def load_begun(installation: Installation, slugs: Collection[str]) -> dict[str, ErasureRecord]:
    """Give the records of withdrawals that were interrupted or left something, by department."""
    last = {each.department: each for each in load_records(ErasureRecord, installation.records) if each.reason == REASON}
    return {slug: record for slug, record in last.items() if slug in slugs and record.outcome in _OPEN}


def begin(site: Site, slug: str, begun: ErasureRecord | None) -> Withdrawal:
    """Note what goes of a department, on record where data may go; an earlier run's record is carried on with."""
    things = find_going(site, slug, [Thing(ThingKind.DEPARTMENT)])
    if begun is not None and begun.outcome is Outcome.FAILED and things:
        begun = None  # it was applied anew since
    if begun is not None:
        things = {parse_thing(what): id_ for what, id_ in begun.identifiers.items()} | things
    gone = Gone(things, find_people(stacks.read_resources(site.engine, slug)))
    if begun is None and site.engine.may_erase and any(thing.kind in _DATA for thing in things):
        begun = _record(slug, gone, datetime.now(UTC))
        append_records(site.installation.records, [begun])
    return Withdrawal(slug, gone, begun)


def end(site: Site, withdrawn: Sequence[Withdrawal]) -> dict[str, tuple[str, ...]]:
    """Take back what others gave departments that went, look for what is left of them, and record it.

    Raises :class:`infra.provider.failure.CloudError`.
    """
    if not withdrawn:
        return {}
    things = {each.slug: each.gone.things for each in withdrawn}
    projects = [id_ for inside in things.values() for thing, id_ in inside.items() if thing.kind is ThingKind.PROJECT]
    people = frozenset[str]().union(*(each.gone.people for each in withdrawn))
    cloud = cloud_of(site.engine.provider_environment())
    with as_cloud_error(), ThreadPoolExecutor(1) as other:
        accounts = other.submit(remove_accounts, site.installation, projects)
        pairs = find_key_pairs(cloud, people)
        delete_leftovers(cloud, (*find_given(cloud, projects), *pairs))
        accounts.result()
        # nobody makes a key pair any more: those who had none are not asked again
        had = frozenset(each.user_id for each in pairs)
        left = find_left(cloud, {each.slug: replace(each.gone, owned_pairs=had) for each in withdrawn})
    ended = [end_record(each.record, left[each.slug], datetime.now(UTC)) for each in withdrawn if each.record]
    append_records(site.installation.records, ended)
    return left


def _record(slug: str, gone: Gone, started_at: datetime) -> ErasureRecord:
    return ErasureRecord(
        department=slug,
        name=str(Thing(ThingKind.DEPARTMENT)),
        started_at=started_at,
        ended_at=started_at,
        reason=REASON,
        approved_by=[],
        approved_on="",
        not_before="",
        expires="",
        quarantined_at="",
        snapshots={},
        without_backup="",
        identifiers={str(thing): identifier for thing, identifier in gone.things.items()},
        left=[],
        outcome=Outcome.PENDING,
    )
