"""Fills a blueprint's parameters into what it adds to a project. Pure.

In a blueprint's ``project`` a mapping with one of these keys alone stands for something else:

- ``{parameter: size}`` for the value of the parameter, whole and of its type;
- ``{named: data}`` for ``<name>-data``, and ``{named: ""}`` for the name under which the blueprint is used;
- ``{shell: …}`` for the script with every parameter, and the name, as a quoted variable of the shell before its commands;
- ``{cloud_config: {…}}`` for the mapping as the text of a ``#cloud-config``.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

import yaml

from tenants.declaration.blueprint import PLACES
from tenants.declaration.boot import CLOUD_CONFIG


def fill(node: Any, name: str, values: Mapping[str, Any]) -> Any:
    """Give the node with everything filled in.

    >>> fill({"size": {"parameter": "gib"}, "name": {"named": "data"}}, "portal", {"gib": 2})
    {'size': 2, 'name': 'portal-data'}
    """
    if isinstance(node, Mapping):
        if len(node) == 1 and (place := next(iter(node))) in PLACES:
            return _stands_for(place, node[place], name, values)
        return {key: fill(value, name, values) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [fill(item, name, values) for item in node]
    return node


def _stands_for(place: str, told: Any, name: str, values: Mapping[str, Any]) -> Any:
    if place == "parameter":
        return values[told]
    if place == "named":
        return f"{name}-{told}" if told else name
    if place == "shell":
        return script(str(told), {"name": name, **values})
    text: str = yaml.safe_dump(fill(told, name, values), sort_keys=False, allow_unicode=True)
    return f"{CLOUD_CONFIG}\n{text}"


def script(text: str, variables: Mapping[str, Any]) -> str:
    """Give a script that begins with variables, each quoted for the shell whatever is in it.

    >>> script("#!/bin/sh\\necho \\"$title\\"", {"title": "it's; reboot"}).split("\\n")[1]
    'title=\\'it\\'"\\'"\\'s; reboot\\''
    """
    lines = [f"{name}={shlex.quote(_word(value))}" for name, value in variables.items()]
    first, newline, rest = text.partition("\n")
    return "\n".join([first, *lines, rest]) if newline and first.startswith("#!") else "\n".join([*lines, text])


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
