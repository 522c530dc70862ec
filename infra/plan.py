"""What an apply would change, with what is declared beside what is: reads the cloud, writes nothing anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from infra.agreement import Cloud, find_moved
from infra.apply import CLOUD_STACK, Site, digest, is_cloud_current, lost_data
from infra.desired import DesiredState, build_desired
from infra.inventory import Inventory
from infra.outcome import load_outcome
from infra.programs import stacks
from infra.programs.cloud import cloud_program
from infra.programs.command import interrupt
from infra.programs.department import department_program
from infra.shared import DesiredCloud
from infra.surplus import ROLE_TYPE, find_surplus
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.model import Department

_AT_ONCE = 2
_WIDTH = 80


@dataclass(frozen=True)
class Planned:
    """What would become of one department."""

    stack: str
    steps: tuple[stacks.Step, ...] = ()
    """Changes alone."""
    reasons: tuple[str, ...] = ()
    """Why it cannot be done, or not be planned."""

    @property
    def is_pending(self) -> bool:
        """Whether an apply would do anything."""
        return bool(self.steps or self.reasons)


@dataclass(frozen=True)
class Row:
    """One line for people: a change, property by property."""

    department: str
    operation: str
    resource: str
    property: str
    declared: str
    actual: str


def plan_departments(
    site: Site, departments: Iterable[Department], catalogue: Catalogue, *, found: Inventory | None
) -> Iterator[Planned]:
    """Plan departments, two at once, in their order.

    One that is declared as it was applied, and is in ``found`` as it was recorded, needs no more; without ``found`` the
    engine looks at every resource of every department.
    """
    cloud = None if found is None else Cloud(found)
    desired = [build_desired(department, catalogue) for department in departments]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="plan") as pool:
        futures = [pool.submit(_plan, site, each, cloud) for each in desired]
        try:
            for future in futures:
                yield future.result()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            interrupt()
            raise


def plan_cloud(site: Site, desired: DesiredCloud, *, refresh: bool) -> Planned:
    """Plan what all departments share."""
    if not refresh and is_cloud_current(site, desired):
        return Planned(CLOUD_STACK)
    try:
        steps = stacks.preview(site.engine, CLOUD_STACK, cloud_program(desired), refresh=site.engine.exists(CLOUD_STACK))
    except stacks.StackError as error:
        return Planned(CLOUD_STACK, reasons=error.reasons)
    return Planned(CLOUD_STACK, tuple(step for step in steps if step.operation != "same"))


def _plan(site: Site, desired: DesiredState, cloud: Cloud | None) -> Planned:
    slug, engine = desired.slug, site.engine
    before = load_outcome(site.installation, slug, engine.cloud)
    same = before is not None and before.digest == digest(desired, site.external_network)
    recorded = stacks.read_resources(engine, slug)
    undeclared = () if cloud is None else tuple(find_surplus(recorded, cloud))
    withdrawn = tuple(stacks.Step("delete", ROLE_TYPE, each.called) for each in undeclared)
    if same and recorded and cloud is not None and not any(find_moved(recorded, cloud)):
        return Planned(slug, withdrawn)
    lost = lost_data(recorded, desired.data_holders)
    kept = tuple(f"{what}: no longer declared, but holds data, so it stays until --erase-data is told" for what in lost)
    try:
        program = department_program(desired, site.external_network)
        steps = stacks.preview(engine, slug, program, refresh=engine.exists(slug))
    except stacks.StackError as error:
        return Planned(slug, reasons=error.reasons)
    return Planned(slug, (*(step for step in steps if step.operation != "same"), *withdrawn), kept)


def build_rows(planned: Planned) -> Iterator[Row]:
    """Give the lines of one department's plan."""
    for step in planned.steps:
        resource = f"{_noun(step.type)} {step.name}"
        if not step.changes or step.operation in ("create", "delete"):
            declared, actual = ("to be made", "–") if step.operation == "create" else ("–", "exists")
            yield Row(planned.stack, step.operation, resource, "", declared, actual)
            continue
        for change in step.changes:
            for name, actual, declared in _differences(*change):
                yield Row(planned.stack, step.operation, resource, name, _shown(declared), _shown(actual))


def _differences(name: str, actual: Any, declared: Any) -> Iterator[tuple[str, Any, Any]]:
    """Give what differs inside a value: single keys of a mapping, single items of a list."""
    if isinstance(actual, dict) and isinstance(declared, dict):
        for key in sorted(actual.keys() | declared.keys()):
            if actual.get(key) != declared.get(key):
                yield f"{name}.{key}", actual.get(key), declared.get(key)
    elif isinstance(actual, list) and isinstance(declared, list):
        pairs: list[tuple[Any, Any]] = [(None, item) for item in declared if item not in actual]
        pairs += [(item, None) for item in actual if item not in declared]
        for old, new in pairs or [(actual, declared)]:  # the same items in another order
            yield name, old, new
    else:
        yield name, actual, declared


def _noun(type_: str) -> str:
    _, service, name = type_.split(":")
    return f"{service} quota" if name == "Quota" else name


def _shown(value: Any) -> str:
    if isinstance(value, dict) and "4dabf18193072939515e22adb298388d" in value:
        return "(secret)"
    if value is None:
        return "–"
    if isinstance(value, dict):
        value = " ".join(f"{key}={item}" for key, item in value.items() if item is not None)
    text = "known after apply" if value == _UNKNOWN else " ".join(str(value).split())
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What Pulumi's wire format says for a value that is not known yet."""
