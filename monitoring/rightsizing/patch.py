"""Changes single values of a YAML file and leaves every other character as it is; gives the patch. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import yaml

from monitoring.rightsizing.model import Change, Entries, Named


class CannotChangeError(Exception):
    """The value does not stand in the file in a form that can be changed alone."""


def apply_changes(text: str, changes: Iterable[Change]) -> str:
    """Give the text with every change in it; raise :class:`CannotChangeError`."""
    for change in changes:
        text = _apply(text, change)
    return text


def list_entries(text: str) -> Entries:
    """Give the entry that makes each server of a declaration; what blueprints make is in no entry."""
    made: dict[tuple[str, str], str] = {}
    for project in yaml.safe_load(text).get("projects", ()):
        for server in project.get("servers", ()):
            count = server.get("count", 1)
            names = [server["name"]] if count == 1 else [f"{server['name']}-{n}" for n in range(1, count + 1)]
            made |= {(project["name"], name): server["name"] for name in names}
    return made


def render_patch(name: str, before: str, after: str) -> str:
    """Give what ``git apply`` takes; empty where nothing differs."""
    return "".join(
        difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{name}", f"b/{name}")
    )


def _apply(text: str, change: Change) -> str:
    *parents, last = change.path
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for depth, key in enumerate(parents):
        found = _child(node, key)
        if found is None and depth == len(parents) - 1 and isinstance(node, yaml.MappingNode) and node.value:
            return _add(text, node, f"{key}: {{{last}: {change.after}}}")
        if found is None:
            raise CannotChangeError(f"{_shown(change)}: there is no {_word(key)}: write it there by hand")
        node = found
    there = _child(node, last)
    if isinstance(there, yaml.ScalarNode):
        return text[: there.start_mark.index] + change.after + text[there.end_mark.index :]
    if there is None and isinstance(node, yaml.MappingNode) and node.value:
        return _add(text, node, f"{last}: {change.after}")
    raise CannotChangeError(f"{_shown(change)}: it stands there in a form that is not changed here")


def _add(text: str, mapping: yaml.MappingNode, entry: str) -> str:
    if mapping.flow_style:
        end = mapping.value[-1][1].end_mark.index
        return f"{text[:end]}, {entry}{text[end:]}"
    first, value = mapping.value[0]
    column = " " * first.start_mark.column
    if isinstance(value, yaml.ScalarNode) and value.style is None:  # after the line that begins it: mostly the name
        line_end = text.find("\n", value.end_mark.index)
        if line_end != -1:
            return f"{text[: line_end + 1]}{column}{entry}\n{text[line_end + 1 :]}"
    return f"{text[: first.start_mark.index]}{entry}\n{column}{text[first.start_mark.index :]}"


def _child(node: yaml.Node | None, key: str | Named) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(key, Named):
        named = (item for item in node.value if isinstance(item, yaml.MappingNode))
        return next((item for item in named if getattr(_child(item, "name"), "value", None) == key.name), None)
    if isinstance(node, yaml.MappingNode):
        return next((value for name, value in node.value if name.value == key), None)
    return None


def _shown(change: Change) -> str:
    return ".".join(map(_word, change.path))


def _word(key: str | Named) -> str:
    return key.name if isinstance(key, Named) else key
