"""What one property of a resource may hold, and how two of its values are compared. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

from infra.provider.values import has_unknown

REQUIRED: Final = object()
"""Default of a field that must be given."""

_NAMES = {str: "text", int: "a whole number", bool: "true or false", list: "a list", dict: "a mapping"}


@dataclass(frozen=True)
class Field:
    """One input property. A default of None means: whatever the cloud chose is right."""

    type: type
    default: Any = REQUIRED
    replaces: bool = False
    """Whether a change needs a new resource."""
    recorded: bool = False
    """Whether the cloud cannot tell the value, so that the one declared last stands for it."""
    compared: bool = True
    """False for what says how to create, not what is: the path of a file."""
    unordered: bool = False
    """Whether a list is a set."""
    expected: str = ""
    """What :attr:`rule` wants, in words."""
    rule: Callable[[Any], bool] | None = None

    def problem(self, value: Any) -> str | None:
        """Give what is wrong with a value, as ``got …, expected …``; nothing where it is right or not known yet."""
        if has_unknown(value) or (value is None and self.default is not REQUIRED):
            return None
        if value is None:
            return f"got nothing, expected {_NAMES[self.type]}"
        if not isinstance(value, self.type) or (isinstance(value, bool) and self.type is not bool):
            return f"got {value!r}, expected {_NAMES[self.type]}"
        if self.rule is not None and not self.rule(value):
            return f"got {value!r}, expected {self.expected}"
        return None

    def filled(self, value: Any) -> Any:
        """Give the value, or the default where none is given."""
        return self.default if value is None and self.default is not REQUIRED else value

    def differs(self, old: Any, new: Any) -> bool:
        """Tell whether the declared value is another than the recorded one."""
        if not self.compared or new is None:
            return False
        old = self.filled(old)  # a state from before the field was known
        if has_unknown(new):
            return True
        if self.unordered:
            return sorted(map(_canonical, old or [])) != sorted(map(_canonical, new))
        return _canonical(old) != _canonical(new)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def text(default: Any = REQUIRED, *, replaces: bool = False, recorded: bool = False, compared: bool = True) -> Field:
    """Text; a required one must not be empty."""
    rule = bool if default is REQUIRED else None
    return Field(str, default, replaces, recorded=recorded, compared=compared, rule=rule, expected="text that is not empty")


def choice(options: Collection[str], default: Any = REQUIRED, *, replaces: bool = False) -> Field:
    """One word of several."""
    return Field(str, default, replaces, rule=lambda value: value in options, expected=" or ".join(sorted(options)))


def number(default: Any = REQUIRED, *, least: int = 0, replaces: bool = False) -> Field:
    """A whole number of at least ``least``."""
    return Field(int, default, replaces, rule=lambda value: value >= least, expected=f"at least {least}")


def limits(names: Collection[str]) -> Field:
    """Limits of a quota by name; -1 is none."""

    def right(value: dict[str, Any]) -> bool:
        return all(name in names and isinstance(limit, int) and limit >= -1 for name, limit in value.items())

    return Field(dict, rule=right, expected=f"whole numbers of at least -1 for any of {', '.join(sorted(names))}")
