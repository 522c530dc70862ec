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
    is_copy: bool = False
    """Whether it says the same as what stands there, and not only follows from it."""


def locate(place: Place, origins: Mapping[Place, Origin]) -> tuple[Place, Place]:
    """Give the place in the file, and what of the asked place the file does not have.

    >>> locate(("servers", 2, "flavor"), {("servers", 2): Origin(("servers", 0), is_copy=True)})
    (('servers', 0, 'flavor'), ())
    >>> locate(("servers", 3, "flavor"), {("servers", 3): Origin(("blueprints", 0))})
    (('blueprints', 0), ('servers', 3, 'flavor'))
    """
    for length in range(len(place), 0, -1):
        origin = origins.get(place[:length])
        if origin is not None and origin.is_copy:
            return locate((*origin.place, *place[length:]), origins)
        if origin is not None:
            return origin.place, place
    return place, ()
