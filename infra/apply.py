"""Brings the cloud to what is declared: the stack ``cloud`` first, then the departments, two at once.

What did not change since its last apply is left alone, by digest. One department's failure stops no other.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from infra import agreement
from infra.desired import DesiredState, build_desired
from infra.outcome import Outcome, build_outcome, load_outcome, outcome_file, write_outcome
from infra.programs import stacks
from infra.programs.cloud import cloud_program
from infra.programs.command import interrupt
from infra.programs.department import department_program
from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError
from infra.provider.orphans import Orphan, delete_orphans, find_orphans
from infra.provider.roles import withdraw_role
from infra.shared import DesiredCloud
from infra.surplus import ROLE_TYPE, find_surplus
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.model import Department
from tenants.installation import Installation, repository
from tenants.problem import Problem, UserError

CLOUD_STACK = "cloud"
DATA_TYPES = frozenset({"oneroof:block_storage:Volume", "oneroof:object_store:Container"})
_AT_ONCE = 2


@dataclass(frozen=True)
class Site:
    """Where departments are applied: an installation, its engine, and the way outside."""

    installation: Installation
    engine: stacks.Engine
    external_network: str


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


def _code_digest() -> str:
    infra = repository() / "infra"
    files = [infra / "desired.py", infra / "shared.py", infra / "outcome.py"]
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
    found: agreement.Cloud | None,
    on_step: OnStep,
) -> Iterator[Applied]:
    """Apply departments, two at once; gives each as it ends. Ctrl-C lets what is under way finish and be recorded.

    One that is declared as it was applied is left alone, unless ``found`` is not as it was recorded.
    """
    desired = {department.slug: (department, build_desired(department, catalogue)) for department in departments}
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="apply") as pool:
        futures = [pool.submit(_apply, site, *pair, refresh, found, on_step) for pair in desired.values()]
        try:
            for future in as_completed(futures):
                yield future.result()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            interrupt()
            raise


def _apply(
    site: Site,
    department: Department,
    desired: DesiredState,
    refresh: bool,
    found: agreement.Cloud | None,
    on_step: OnStep,
) -> Applied:
    slug, engine = department.slug, site.engine
    wanted = digest(desired, site.external_network)
    before = load_outcome(site.installation, slug, engine.cloud)
    recorded = stacks.read_resources(engine, slug)
    moved = found is not None and any(agreement.find_moved(recorded, found))
    undeclared = found is not None and any(find_surplus(recorded, found))
    interrupted = stacks.was_interrupted(engine, slug)
    if (
        not (refresh or moved or undeclared or interrupted)
        and before is not None
        and before.digest == wanted
        and engine.exists(slug)
    ):
        if (now := build_outcome(department, stacks.read_outputs(engine, slug), cloud=engine.cloud, digest=wanted,
                                 applied_at=datetime.fromisoformat(before.applied_at))) != before:  # fmt: skip
            write_outcome(site.installation, now)  # a probe or a tier changed: nothing in the cloud did
        return Applied(slug, "skipped", 0.0, outcome=now)
    lost = lost_data(recorded, desired.data_holders)
    if lost and not engine.may_erase:
        reason = f"{', '.join(lost)}: no longer declared, holds data; nothing of {slug} was changed"
        return Applied(
            slug, "failed", 0.0, reasons=(f"{reason}. HINT: declare it again, or tell --erase-data",), outcome=before
        )
    made: list[Outcome] = []

    def work(listen: Callable[[stacks.Step], None]) -> None:
        program = department_program(desired, site.external_network)
        outputs = stacks.update(engine, slug, program, refresh=refresh or moved, on_step=listen)
        if found is not None:
            _withdraw_roles(site, slug, found, listen)
        if interrupted:
            _delete_orphans(site, slug, listen)
        now = datetime.now(UTC)
        made.append(build_outcome(department, outputs, cloud=engine.cloud, digest=wanted, applied_at=now))
        write_outcome(site.installation, made[0])

    done = _timed(slug, work, on_step)
    return Applied(slug, done.state, done.seconds, done.steps, done.reasons, made[0] if made else before)


def _withdraw_roles(site: Site, slug: str, found: agreement.Cloud, listen: Callable[[stacks.Step], None]) -> None:
    """Take away the roles that are in the department and, now that it was applied, still in no stack."""
    cloud = Cloud(site.engine.environment(site.engine.state))
    for each in find_surplus(stacks.read_resources(site.engine, slug), found):
        listen(stacks.Step("delete", ROLE_TYPE, each.called))
        try:
            withdraw_role(cloud, {**asdict(each), "is_provisioner": False}, each.called)
        except CloudError as error:
            raise stacks.StackError((str(error),)) from error


def _delete_orphans(site: Site, slug: str, listen: Callable[[stacks.Step], None]) -> None:
    """Delete what an interrupted run made and neither recorded nor, as it is declared now, was taken over since."""
    cloud = Cloud(site.engine.environment(site.engine.state))
    recorded = {str(each.get("id")) for each in stacks.read_resources(site.engine, slug)}
    orphans = find_orphans(cloud, slug, recorded)
    held = [orphan.called for orphan in orphans if orphan.kind.holds_data]
    if held and not site.engine.may_erase:
        what = f"{', '.join(held)}: made by an interrupted run, no longer declared, and may hold data"
        raise stacks.StackError((f"{what}. HINT: tell --erase-data",))
    _delete(cloud, orphans, listen)
    stacks.forget_interruption(site.engine, slug)


def _delete(cloud: Cloud, orphans: tuple[Orphan, ...], listen: Callable[[stacks.Step], None]) -> None:
    for orphan in orphans:
        listen(stacks.Step("delete", orphan.kind.pulumi_type, f"{orphan.state['name']}, which no run had recorded"))
    try:
        delete_orphans(cloud, orphans)
    except CloudError as error:
        raise stacks.StackError((str(error),)) from error


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


def withdraw(site: Site, slug: str, *, on_step: OnStep) -> Applied:
    """Destroy a department's stack, and first what an interrupted apply made in the cloud and did not record.

    Refuses while it holds data, recorded or not, and the engine may not erase it.
    """
    if not site.engine.exists(slug):
        raise UserError(Problem(f"{slug} was never applied to cloud {site.engine.cloud}"))
    recorded = stacks.read_resources(site.engine, slug)
    cloud = Cloud(site.engine.environment(site.engine.state))
    orphans = find_orphans(cloud, slug, {str(each.get("id")) for each in recorded})
    held = [*lost_data(recorded, frozenset()), *(orphan.called for orphan in orphans if orphan.kind.holds_data)]
    if held and not site.engine.may_erase:
        raise UserError(Problem(f"{slug} holds data: {', '.join(held)}", "Back it up, then tell --erase-data as well."))

    def work(listen: Callable[[stacks.Step], None]) -> None:
        _delete(cloud, orphans, listen)
        stacks.destroy(site.engine, slug, on_step=listen)

    done = _timed(slug, work, on_step)
    if done.state != "failed":
        outcome_file(site.installation, slug, site.engine.cloud).unlink(missing_ok=True)
        return replace(done, state="withdrawn")
    return done
