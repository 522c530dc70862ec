"""What no service tells in bulk: looked at place by place, in turns, and remembered with the instant of each look. Pure.

A *place* is what has a list of its own: a project's account of objects, an image, a user, a group.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field

VERSION = 1
BUDGET = 50
"""Places of a kind that are looked at in one reading, at most."""


@dataclass(frozen=True, order=True)
class Held:
    """One thing in one place."""

    id: str
    """As a stack records it."""
    name: str
    project_id: str = ""
    """Which project it opens, where it opens one."""


@dataclass(frozen=True)
class Look:
    """What one place held."""

    at: str
    """ISO 8601, UTC."""
    held: tuple[Held, ...]


@dataclass(frozen=True)
class Part:
    """One kind of thing: every place that was looked at, in this reading or an earlier one."""

    looks: Mapping[str, Look] = field(default_factory=dict)
    """Place to what it held."""
    places: int = 0
    """Places there are."""
    error: str = ""
    """Why a place, or all of them, could not be looked at now."""

    @property
    def unseen(self) -> int:
        """How many places nobody looked at yet."""
        return self.places - len(self.looks)

    @property
    def oldest(self) -> str:
        """When the place was looked at that waits the longest; empty where there is none."""
        return min((look.at for look in self.looks.values()), default="")


Parts = Mapping[str, Part]
"""Kind (a key of :data:`infra.inventory.closer.NOUNS`) to what is known of it."""


def choose(places: Collection[str], looks: Mapping[str, Look], expected: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Give the places to look at now: those last seen other than expected, then those never seen, then the oldest.

    The first take half of the budget at most, so that the others have their turn whatever is wrong.
    """

    def turn(place: str) -> tuple[str, str]:
        return looks[place].at if place in looks else "", place

    def is_strange(place: str) -> bool:
        return place in looks and {each.id for each in looks[place].held} != set(expected.get(place, ()))

    strange = sorted(filter(is_strange, places), key=turn)[: BUDGET // 2]
    others = sorted(set(places) - set(strange), key=turn)
    return (*strange, *others[: BUDGET - len(strange)])


def render_parts(parts: Parts) -> str:
    """Render the looks as JSON, for the next reading."""
    looks = {kind: {place: asdict(look) for place, look in part.looks.items()} for kind, part in parts.items()}
    return json.dumps({"version": VERSION, "looks": looks}, ensure_ascii=False, sort_keys=True) + "\n"


def parse_looks(text: str) -> dict[str, dict[str, Look]]:
    """Read what :func:`render_parts` gave; nothing where it is of another version or broken: all is looked at again."""
    try:
        told = json.loads(text)
        if told["version"] != VERSION:
            return {}
        return {
            kind: {place: Look(look["at"], tuple(Held(**each) for each in look["held"])) for place, look in places.items()}
            for kind, places in told["looks"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
