"""The engine's steps as lines of a plan: property by property, declared beside actual, and what is used. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from infra.plan.document import Operation, PlanStep, Value
from infra.plan.recorded import Quotas, Recorded
from infra.plan.usage import Usage
from infra.programs.stacks import Step

PRESENT = "present"
"""What is declared of a whole resource that comes, and what is actual of one that goes."""
SECRET = "(secret)"  # noqa: S105 - what stands in place of one


def build_steps(steps: Iterable[Step], recorded: Recorded, declared: Quotas, usage: Usage) -> tuple[PlanStep, ...]:
    """Give the lines of a department's plan, project by project; quotas limit by limit, with what is used of each."""
    lines = [line for step in steps for line in _lines(step, recorded, declared, usage)]
    return tuple(sorted(lines, key=lambda line: (line.name, line.type, line.property, _canonical(line.declared))))


def called(type_: str, name: str) -> str:
    """Give a resource in words: ``compute quota prod``."""
    _, service, noun = type_.split(":")
    return f"{service.replace('_', ' ')} quota {name}" if noun == "Quota" else f"{noun} {name}"


def replaced(steps: Iterable[PlanStep]) -> tuple[str, ...]:
    """Give each resource that is made anew, with the properties that cannot be changed in place."""
    why: dict[str, list[str]] = {}
    for step in steps:
        if step.operation == "replace":
            why.setdefault(step.resource, []).append(step.property)
    return tuple(f"{resource} ({', '.join(dict.fromkeys(names))})" for resource, names in why.items())


def _lines(step: Step, recorded: Recorded, declared: Quotas, usage: Usage) -> Iterator[PlanStep]:
    def line(property_: str, new: Value, old: Value, used: int | None = None) -> PlanStep:
        operation = cast("Operation", step.operation)
        return PlanStep(operation, step.type, step.name, called(step.type, step.name), property_, new, old, used)

    if step.type.endswith(":Quota") and step.operation != "replace":
        yield from (line(*each) for each in _limits(step, recorded, declared, usage))
    elif step.operation == "create":
        yield line("", PRESENT, None)
    elif step.operation == "delete":
        yield line("", None, PRESENT)
    else:
        differences = [each for change in step.changes for each in _differences(*change)]
        yield from (line(name, _plain(new), _plain(old)) for name, old, new in differences or [("", PRESENT, PRESENT)])


def _limits(
    step: Step, recorded: Recorded, declared: Quotas, usage: Usage
) -> Iterator[tuple[str, Value, Value, int | None]]:
    service = step.type.split(":")[1]
    before, after = recorded.quotas.get((step.name, service), {}), declared.get((step.name, service), {})
    if step.operation == "update":
        changes = {name: (old, new) for name, old, new in step.changes}
        before, after = (value or {} for value in changes.get("limits", (before, after)))
    old, new = ({} if step.operation == "create" else before), ({} if step.operation == "delete" else after)
    for limit in sorted(old.keys() | new.keys()):
        if old.get(limit) != new.get(limit):
            used = usage.of(recorded.projects.get(step.name), service, limit)
            yield f"limits.{limit}", _plain(new.get(limit)), _plain(old.get(limit)), used


def _differences(name: str, actual: Any, declared: Any) -> Iterator[tuple[str, Any, Any]]:
    """Give what differs inside a value: single keys of a mapping, single items of a list."""
    if _is_secret(actual) or _is_secret(declared):
        yield name, actual, declared
    elif isinstance(actual, dict) and isinstance(declared, dict):
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


def _plain(value: Any) -> Value:
    if _is_secret(value):
        return SECRET
    if value == _UNKNOWN:
        return "known after apply"
    if isinstance(value, Mapping):
        return " ".join(f"{key}={item}" for key, item in value.items() if item is not None)
    if isinstance(value, float) and value.is_integer():
        return int(value)  # the engine's wire format knows no whole numbers
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)


def _is_secret(value: Any) -> bool:
    return isinstance(value, Mapping) and "4dabf18193072939515e22adb298388d" in value


def _canonical(value: Value) -> str:
    return json.dumps(value)


_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What Pulumi's wire format says for a value that is not known yet."""
