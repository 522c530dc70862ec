"""Writes a project into the text of a declaration, so that all that was written by hand stays as it is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from tenants.problem import Problem, UserError


def render_department(slug: str, project: Mapping[str, Any]) -> str:
    """Give a new declaration with one project; who answers for it must still be told."""
    title = slug.replace("-", " ").title()
    head = f"name: {slug}\nlocal_name: {title}\nowners: [it@{slug}.gov.example]\ncost_centre: {slug}\n\nprojects:\n"
    return f"# What was in the cloud before, taken over; tell owners and cost centre.\n{head}{render_project(project)}"


def render_project(project: Mapping[str, Any], indent: int = 2) -> str:
    """Give a project as an item of a list, what is empty left out."""
    told = {name: value for name, value in project.items() if value or name in ("security_groups",)}
    text = yaml.dump([told], Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return "".join(f"{' ' * indent}{line}\n" if line else "\n" for line in text.splitlines())


def insert_project(text: str, project: Mapping[str, Any]) -> str:
    """Give the text of a declaration with one more project; one that is there already, as it is, changes nothing.

    Raises UserError where there is another of that name, or the list of projects cannot be added to.
    """
    before = yaml.safe_load(text) or {}
    known = {each["name"]: each for each in before.get("projects") or ()}
    told = yaml.safe_load(render_project(project))[0]
    if project["name"] in known:
        if known[project["name"]] == told:
            return text
        raise UserError(Problem(f"there is a project {project['name']} already", "Tell another name with --as."))
    lines = text.splitlines(keepends=True)
    place, indent = _end_of_projects(text, lines)
    added = "" if place is not None else "\nprojects:\n"
    place = len(lines) if place is None else place
    block = f"{added}{render_project(project, indent)}"
    head = "".join(lines[:place])
    after = f"{head}{'' if head.endswith(chr(10)) or not head else chr(10)}{block}{''.join(lines[place:])}"
    if yaml.safe_load(after) != {**before, "projects": [*(before.get("projects") or ()), told]}:
        raise UserError(Problem("its list of projects cannot be added to", f"Add this to it by hand:\n{block}"))
    return after


def _end_of_projects(text: str, lines: list[str]) -> tuple[int | None, int]:
    """Give the line after the last project and how far projects are indented; no line where there is no list."""
    root = yaml.compose(text)
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == "projects" and isinstance(value, yaml.SequenceNode) and value.value and not value.flow_style:
            end: int = value.end_mark.line
            while end and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
                end -= 1  # comments and blank lines before the next key belong to that
            return end, value.start_mark.column
    return None, 2


class _Dumper(yaml.SafeDumper):
    """Writes what holds no further structure on one line, and scripts as blocks."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the base class's signature
        return True


def _mapping(dumper: yaml.SafeDumper, value: dict[str, Any]) -> yaml.Node:
    deep = any(isinstance(each, dict | list) and each and not _is_flat(each) for each in value.values())
    script = any(isinstance(each, str) and "\n" in each for each in value.values())
    top = "networks" in value or "quota" in value
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=not (deep or script or top))


def _is_flat(value: Any) -> bool:
    items = value.values() if isinstance(value, dict) else value
    return all(not isinstance(each, dict | list) for each in items)


def _list(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.Node:
    flat = all(not isinstance(each, dict | list) for each in value)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=flat)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(str, _text)
