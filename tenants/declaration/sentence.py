"""Turns what pydantic found into sentences that say where, what was found and what was expected."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tenants.declaration.source import WIDE_HINT, Place, Source, describe, full_width
from tenants.declaration.words import CODE_PATTERN, NAME_PATTERN, PHONE_PATTERN, PLACE_PATTERN
from tenants.problem import Problem

_EXPECTED: Mapping[str, str] = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "ip_v4_network": "an address range such as 10.20.4.0/24",
    "mapping_type": "a mapping",
    "model_attributes_type": "a mapping",
    "model_type": "a mapping",
    "string_type": "text",
    "tuple_type": "a list",
}
_PATTERNS: Mapping[str, str] = {
    NAME_PATTERN: "lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen",
    PLACE_PATTERN: "two names with a slash between them, such as prod/bulletins",
    r"^[a-z][a-z0-9-]*/\S.*$": "a project and the name of an image in it, such as prod/registry-2027",
    r"^[^@\s]+@[^@\s]+\.[^@\s]+$": "a mailbox such as it@health.gov.example",
    r"^/[!-~]*$": "a path such as /status",
    CODE_PATTERN: "a code of capital letters, digits and hyphens such as 11-0210",
    PHONE_PATTERN: "a telephone number such as +86 10 5550 0100",
}


def sentences(error: ValidationError, model: type[BaseModel], source: Source) -> Iterator[Problem]:
    """Give one problem a mistake, with the line it stands on."""
    schema = model.model_json_schema(by_alias=True)
    details = error.errors(include_url=False)
    meant = {_meant(_place(other), schema) for other in details if other["type"] == "extra_forbidden"}
    for detail in details:
        if detail["type"] == "too_short" and any(other["loc"][:-1] == detail["loc"] for other in details):
            continue  # its entries are there, and wrong: each is told below
        place = _place(detail)
        if detail["type"] == "missing" and place in meant:
            continue  # it is there under a name that was meant for it, which is told
        what, hint = _sentence(detail, place, schema)
        yield Problem(f"{path(place)}: {what}" if place else what, hint, source.file, source.line(place))


def _place(detail: ErrorDetails) -> Place:
    return tuple(part for part in detail["loc"] if part != "[key]" and not str(part).startswith("<"))


def _meant(place: Place, schema: dict[str, Any]) -> Place:
    """Give the place of the key that a hint names for an unknown one; the unknown one's where none is close."""
    return (*place[:-1], *(_close(str(place[-1]), _known(schema, place)) or place[-1:]))


def path(place: Place) -> str:
    """Render a place as people write it.

    >>> path(("projects", 1, "quota", "cores"))
    'projects[1].quota.cores'
    """
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


def listed(names: Collection[str]) -> str:
    """Render names as a choice.

    >>> listed(["a", "b", "c"])
    'a, b or c'
    """
    *most, last = list(names) or ["nothing"]
    return f"{', '.join(most)} or {last}" if most else last


def nearest(name: str, names: Collection[str]) -> str:
    """Give a hint with the name that was probably meant, or nothing."""
    close = _close(name, names)
    return f"Did you mean {close[0]}?" if close else ""


def switch_hint(value: object) -> str:
    """Give what to write for a yes or no of another kind, or nothing."""
    meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(str(value).lower())
    return f"Write {meant}." if meant else ""


def _close(name: str, names: Collection[str]) -> list[str]:
    return difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)


def _known(schema: dict[str, Any], place: Place) -> list[str]:
    """Give the keys that there are where an unknown one stands."""
    return sorted(_schema_at(schema, place[:-1]).get("properties", {}))


def _sentence(detail: ErrorDetails, place: Place, schema: dict[str, Any]) -> tuple[str, str]:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    got = f"got {describe(value)}"
    if kind == "missing":
        return "got nothing, expected a value", str(_schema_at(schema, place).get("description", ""))
    if kind == "extra_forbidden":
        known = _known(schema, place)
        if wide := full_width(str(place[-1])):
            return f"got the full-width {wide} in a key, expected one of {', '.join(known)}", WIDE_HINT
        return f"got an unknown key, expected one of {', '.join(known)}", nearest(str(place[-1]), known)
    if kind == "value_error":
        text = str(context["error"])
        return (text if text.startswith("got ") else f"{got}, {text}"), ""
    if kind == "enum":
        allowed = [option.strip("'") for option in context["expected"].replace(" or ", ", ").split(", ")]
        return f"{got}, expected {listed(allowed)}", nearest(str(value), allowed)
    if kind == "string_pattern_mismatch":
        hint = (
            f"Write {lower}." if (lower := str(value).lower()) != value and re.fullmatch(context["pattern"], lower) else ""
        )
        return f"{got}, expected {_PATTERNS.get(context['pattern'], context['pattern'])}", hint
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"
        return f"{got}, expected a whole number of {bound}", ""
    if kind in ("string_too_long", "string_too_short"):
        bound = f"at most {context['max_length']}" if "max_length" in context else f"at least {context['min_length']}"
        return f"got {len(str(value))} characters, expected {bound}", ""
    if kind == "too_short":
        return f"got {context['actual_length']} entries, expected at least {context['min_length']}", ""
    expected = _EXPECTED.get(kind)
    return (f"{got}, expected {expected}" if expected else f"{got}: {detail['msg']}"), _type_hint(kind, value)


def _type_hint(kind: str, value: object) -> str:
    if value is None:
        return "Give a value, or leave the key out."
    if kind == "string_type" and isinstance(value, int | float):
        return f'Put it in quotes: "{describe(value)}".'
    if kind == "int_type" and isinstance(value, str) and (whole := re.fullmatch(r"\s*(\d+)\s*(?:GiB?|GB)?\s*", value, re.I)):
        return f"Write {whole[1]}, without quotation marks or a unit."
    if kind == "tuple_type" and isinstance(value, str | int | float):
        return f"Write [{describe(value)}]."
    if kind == "bool_type":
        return switch_hint(value)
    if kind == "ip_v4_network" and isinstance(value, str):
        try:
            return f"Did you mean {ipaddress.IPv4Network(value, strict=False)}?"
        except ValueError:
            return ""
    return ""


def _schema_at(schema: dict[str, Any], place: Place) -> dict[str, Any]:
    node = schema
    for part in place:
        node = _resolve(schema, node)
        step = node.get("items") if isinstance(part, int) else node.get("properties", {}).get(part)
        node = step or node.get("additionalProperties") or {}
        if not isinstance(node, dict):
            return {}
    return _resolve(schema, node)


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    for option in (*node.get("anyOf", ()), *node.get("oneOf", ())):
        if "$ref" in option or "properties" in option:
            node = {**node, **option}
    if reference := node.get("$ref"):
        named = schema["$defs"][reference.rsplit("/", 1)[1]]
        # what stands beside the reference speaks of this use of it
        return {**named, **{key: value for key, value in node.items() if key != "$ref"}}
    return node
