"""Brings the cloud to what is declared: the stack ``cloud`` first, then the departments, three at once.

What did not change since its last apply is left alone, by digest. One department's failure stops no other.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

from infra import agreement
from infra.desired import DesiredState
from infra.erasure.retirement import Current, build_current
from infra.outcome import Outcome, build_outcome, load_outcome, outcome_file, write_outcome
from infra.programs import stacks
from infra.programs.cloud import cloud_program
from infra.programs.command import interrupt
from infra.programs.department import department_program
from infra.provider.cloud import Cloud
from infra.provider.orphans import Orphan, find_orphans
from infra.provider.serving import cloud_of
from infra.shared import DesiredCloud
from infra.sharing.grants import in_order, missing_grantees, missing_networks, standing
from infra.sharing.record import Entry, append_entries, build_entries, load_readable, record_file
from infra.sharing.stray import find_stray
from infra.surplus import find_surplus
from infra.sweep import delete_found, sweep_interrupted, take_back_stray, withdraw_roles
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.model import Department, Grant
from tenants.installation import Installation, repository
from tenants.problem import Problem, UserError

CLOUD_STACK = "cloud"
DATA_TYPES = frozenset({"oneroof:block_storage:Volume", "oneroof:object_store:Container"})
_AT_ONCE = 3


@dataclass(frozen=True)
class Site:
    """Where departments are applied: an installation, its engine, and the way outside."""

    installation: Installation
    engine: stacks.Engine
    external_network: str
    today: date
    """The day, UTC, whose sharing grants are in force and on which approvals are judged."""


@dataclass(frozen=True)
class Applied:
    """What became of one stack."""

    stack: str
    state: Literal["applied", "unchanged", "skipped", "withdrawn", "failed"]
    seconds: float
    steps: tuple[stacks.Step, ...] = ()
    reasons: tuple[str, ...] = ()
    outcome: Outcome | None = field(default=None, repr=False)


OnStep = Callable[[str, stacks.Step], None]


def digest(desired: DesiredState | DesiredCloud, external_network: str) -> str:
    """Give the digest of what is desired and of the code that would bring it about."""
    total = hashlib.sha256(_code_digest().encode())
    total.update(json.dumps([asdict(desired), external_network], sort_keys=True, default=str).encode())
    return total.hexdigest()[:16]


@cache  # what runs does not change, and every department asks
def _code_digest() -> str:
    infra = repository() / "infra"
    files = [infra / "desired.py", infra / "erasure" / "retirement.py", infra / "shared.py", infra / "outcome.py"]
    files += [file for part in ("programs", "components", "provider") for file in (infra / part).glob("*.py")]
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in sorted(files))).hexdigest()


def lost_data(resources: Iterable[Mapping[str, Any]], kept: frozenset[str]) -> tuple[str, ...]:
    """Give the recorded resources that hold data and are no longer declared, as people call them."""
    return tuple(
        f"{str(each['type']).rpartition(':')[2].lower()} {name}"
        for each in resources
        if each["type"] in DATA_TYPES and (name := str(each["urn"]).rpartition("::")[2]) not in kept
    )


def cloud_stamp(site: Site) -> Path:
    """Give the file with the digest of what all departments share, as last applied."""
    return site.installation.stamps / f"apply-{site.engine.cloud}"


def is_cloud_current(site: Site, desired: DesiredCloud) -> bool:
    """Tell whether the shared part was applied as it is declared now."""
    stamp, wanted = cloud_stamp(site), digest(desired, site.external_network)
    return stamp.exists() and stamp.read_text() == wanted and site.engine.exists(CLOUD_STACK)


def has_moved(site: Site, found: agreement.Cloud | None) -> bool:
    """Tell whether what all departments share is not as it was recorded, by one bulk reading."""
    return found is not None and any(agreement.find_moved(stacks.read_resources(site.engine, CLOUD_STACK), found))


def is_current(site: Site, desired: DesiredState) -> bool:
    """Tell whether a department was applied as it is declared now; what became of it in the cloud is another matter."""
    before = load_outcome(site.installation, desired.slug, site.engine.cloud)
    applied = before is not None and before.digest == digest(desired, site.external_network)
    return applied and site.engine.exists(desired.slug)


def apply_cloud(site: Site, desired: DesiredCloud, *, refresh: bool, on_step: OnStep) -> Applied:
    """Apply what all departments share."""
    stamp, wanted = cloud_stamp(site), digest(desired, site.external_network)

    def work(listen: Callable[[stacks.Step], None]) -> None:
        stacks.update(site.engine, CLOUD_STACK, cloud_program(desired), refresh=refresh, on_step=listen)
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(wanted)

    if not refresh and is_cloud_current(site, desired):
        return Applied(CLOUD_STACK, "skipped", 0.0)
    return _timed(CLOUD_STACK, work, on_step)


def apply_departments(
    site: Site,
    departments: Iterable[Department],
    catalogue: Catalogue,
    *,
    refresh: bool,
    found: agreement.Cloud | None = None,
    on_step: OnStep,
) -> Iterator[Applied]:
    """Apply departments, three at once; gives each as it ends. Ctrl-C lets what is under way finish and be recorded.

    One that is declared as it was applied is left alone, unless ``found`` is not as it was recorded.
    """
    current = [current_of(site, department, catalogue) for department in in_order(departments)]
    coming = {each.department.slug: each.desired for each in current if not each.is_gone}
    known = load_readable(record_file(site.installation))
    yield from _side_by_side([partial(_apply, site, each, coming, known, refresh, found, on_step) for each in current])


def _side_by_side(work: Iterable[Callable[[], Applied]]) -> Iterator[Applied]:
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="apply") as pool:
        futures = [pool.submit(each) for each in work]
        try:
            for future in as_completed(futures):
                yield future.result()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            interrupt()
            raise


def current_of(site: Site, department: Department, catalogue: Catalogue) -> Current:
    """Give a department as it is to be in this cloud today: with its quarantines, without what was erased."""
    return build_current(department, catalogue, stacks.read_resources(site.engine, department.slug), site.today)


def _apply(
    site: Site,
    current: Current,
    coming: Mapping[str, DesiredState],
    known: Sequence[Entry],
    refresh: bool,
    found: agreement.Cloud | None,
    on_step: OnStep,
) -> Applied:
    department, desired, engine = current.department, current.desired, site.engine
    slug, wanted = department.slug, digest(desired, site.external_network)
    if current.is_gone:
        return Applied(slug, "skipped", 0.0)
    before, now = load_outcome(site.installation, slug, engine.cloud), datetime.now(UTC)
    recorded = stacks.read_resources(engine, slug)
    moved = found is not None and any(agreement.find_moved(recorded, found))
    undeclared = found is not None and any(find_surplus(recorded, found))
    stray = stray_of(site, department, recorded, known)
    differs = refresh or moved or undeclared or bool(stray) or stacks.was_interrupted(engine, slug)
    if not differs and before is not None and before.digest == wanted and engine.exists(slug):
        outputs, at = stacks.read_outputs(engine, slug), datetime.fromisoformat(before.applied_at)
        kept = build_outcome(department, outputs, cloud=engine.cloud, digest=wanted, applied_at=at)
        kept = replace(kept, quarantine=build_quarantine(current, before, now))
        if kept != before:
            write_outcome(site.installation, kept)  # a probe or a tier changed: nothing in the cloud did
        if department.shares:  # a purpose or a last day may have changed
            _record_shares(site, slug, department.shares)
        return Applied(slug, "skipped", 0.0, outcome=kept)
    lost = lost_data(recorded, desired.data_holders)
    if lost:
        reason = f"{', '.join(lost)}: no longer declared, holds data; nothing of {slug} was changed"
        hint = "declare it again, with an approval to erase it: runbooks/procedures/erase-data.md"
        return Applied(slug, "failed", 0.0, reasons=(f"{reason}. HINT: {hint}",), outcome=before)
    missing = (
        *missing_grantees(desired, coming, engine.exists),
        *missing_networks(desired, coming, lambda owner: standing(stacks.read_resources(engine, owner))),
    )
    if missing:
        return Applied(slug, "failed", 0.0, reasons=missing, outcome=before)
    return converge(site, current, before, refresh=refresh or moved, found=found, on_step=on_step)


def converge(
    site: Site,
    current: Current,
    before: Outcome | None,
    *,
    refresh: bool,
    found: agreement.Cloud | None = None,
    on_step: OnStep,
) -> Applied:
    """Run a department's program and write down what came of it; roles that ``found`` has beside it are withdrawn."""
    department, engine = current.department, site.engine
    slug, made = department.slug, list[Outcome]()
    interrupted = stacks.was_interrupted(engine, slug)

    def work(listen: Callable[[stacks.Step], None]) -> None:
        program = department_program(current.desired, site.external_network)
        known = load_readable(record_file(site.installation))
        take_back_stray(engine, stray_of(site, department, stacks.read_resources(engine, slug), known), listen)
        try:
            outputs = stacks.update(engine, slug, program, refresh=refresh, on_step=listen)
        finally:  # also what a failed run gave or took back
            _record_shares(site, slug, department.shares)
        if found is not None:
            withdraw_roles(engine, slug, found, listen)
        if interrupted:
            sweep_interrupted(engine, slug, listen)
        now, wanted = datetime.now(UTC), digest(current.desired, site.external_network)
        built = build_outcome(department, outputs, cloud=engine.cloud, digest=wanted, applied_at=now)
        made.append(replace(built, quarantine=build_quarantine(current, before, now)))
        write_outcome(site.installation, made[0])

    done = _timed(slug, work, on_step)
    return Applied(slug, done.state, done.seconds, done.steps, done.reasons, made[0] if made else before)


def stray_of(
    site: Site, department: Department, recorded: Sequence[Mapping[str, Any]], known: Iterable[Entry]
) -> tuple[Entry, ...]:
    """Give what was given on its day, is in no stack and is not declared any more."""
    where = {"cloud": site.engine.cloud, "owner": department.slug}
    return find_stray(known, standing(recorded), department.shares, today=site.today, **where)


def _record_shares(site: Site, slug: str, grants: Sequence[Grant], reason: str = "") -> None:
    """Record what changed of what others may use, as the stack's state has it now."""
    stands = standing(stacks.read_resources(site.engine, slug))
    if stands or record_file(site.installation).exists():
        build = partial(build_entries, stands=stands, grants=grants, cloud=site.engine.cloud, owner=slug, reason=reason)
        append_entries(record_file(site.installation), partial(build, now=datetime.now(UTC)))


def build_quarantine(current: Current, before: Outcome | None, now: datetime) -> dict[str, str]:
    """Give since when each thing is in quarantine: what was already keeps its instant."""
    known = before.quarantine if before is not None else {}
    return {str(e.thing): known.get(str(e.thing), now.isoformat()) for e in current.quarantined}


def _timed(stack: str, work: Callable[[Callable[[stacks.Step], None]], None], on_step: OnStep) -> Applied:
    steps: list[stacks.Step] = []

    def listen(step: stacks.Step) -> None:
        if step.operation != "same":
            steps.append(step)
        on_step(stack, step)

    started = time.monotonic()
    try:
        work(listen)
    except stacks.StackError as error:
        return Applied(stack, "failed", time.monotonic() - started, tuple(steps), error.reasons)
    return Applied(stack, "applied" if steps else "unchanged", time.monotonic() - started, tuple(steps))


def withdraw(site: Site, slugs: Iterable[str], *, on_step: OnStep) -> Iterator[Applied]:
    """Destroy departments' stacks, and first what an interrupted apply made and did not record; gives each as it ends.

    Refuses all while one holds data, recorded or not, and the engine may not erase it.
    """
    recorded = {slug: stacks.read_resources(site.engine, slug) for slug in slugs}
    if unknown := [slug for slug in recorded if not site.engine.exists(slug)]:
        raise UserError(*(Problem(f"{slug} was never applied to cloud {site.engine.cloud}") for slug in unknown))
    cloud = cloud_of(site.engine.provider_environment())
    orphans = find_orphans(cloud, {slug: {str(each.get("id")) for each in of} for slug, of in recorded.items()})
    problems = []
    for slug, of in recorded.items():
        held = [*lost_data(of, frozenset()), *(orphan.called for orphan in orphans[slug] if orphan.kind.holds_data)]
        if held and not site.engine.may_erase:
            hint = "Back it up, then tell --erase-data as well."
            problems.append(Problem(f"{slug} holds data: {', '.join(held)}", hint))
    if problems:
        raise UserError(*problems)
    yield from _side_by_side([partial(_withdraw, site, slug, cloud, orphans[slug], on_step) for slug in recorded])


def _withdraw(site: Site, slug: str, cloud: Cloud, orphans: tuple[Orphan, ...], on_step: OnStep) -> Applied:
    def work(listen: Callable[[stacks.Step], None]) -> None:
        delete_found(cloud, orphans, listen)
        try:
            stacks.destroy(site.engine, slug, on_step=listen)
        finally:
            _record_shares(site, slug, (), "the department was withdrawn")

    done = _timed(slug, work, on_step)
    if done.state != "failed":
        outcome_file(site.installation, slug, site.engine.cloud).unlink(missing_ok=True)
        return replace(done, state="withdrawn")
    return done
