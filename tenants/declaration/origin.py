"""Where in a file something stands that the file does not write out itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tenants.declaration.source import Place


@dataclass(frozen=True)
class Origin:
    """What a place in an expanded declaration was made from."""

    place: Place
    """Where that is in the file."""
    label: str = ""
    """What was made there, such as ``server portal``; nothing for a copy, which says the same as what stands there."""


def locate(place: Place, origins: Mapping[Place, Origin]) -> tuple[Place, str]:
    """Give the place in the file, and what the asked place is where the file does not have it.

    >>> locate(("servers", 2, "flavor"), {("servers", 2): Origin(("servers", 0))})
    (('servers', 0, 'flavor'), '')
    >>> locate(("servers", 3, "flavor"), {("servers", 3): Origin(("blueprints", 0), "server portal")})
    (('blueprints', 0), 'server portal, flavor')
    """
    for length in range(len(place), 0, -1):
        origin = origins.get(place[:length])
        if origin is None:
            continue
        if not origin.label:
            return locate((*origin.place, *place[length:]), origins)
        return origin.place, ", ".join((origin.label, *(str(part) for part in place[length:] if isinstance(part, str))))
    return place, ""
