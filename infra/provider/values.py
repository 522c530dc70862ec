"""Property values of Pulumi's wire format as plain Python, and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import pulumi
from pulumi.provider.experimental.property_value import PropertyValue

Values = dict[str, Any]
"""Properties of one resource: text, int, float, bool, None, lists and dicts of them, or :data:`UNKNOWN`."""


class _Unknown:
    """The type of :data:`UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()
"""A value that is known only after another resource was created; met in previews alone."""


def parse_values(properties: Mapping[str, PropertyValue]) -> Values:
    """Give properties as plain values; whole numbers become int, what is not known yet :data:`UNKNOWN`."""
    return {name: _plain(value) for name, value in properties.items()}


def _plain(wrapped: Any) -> Any:
    value = wrapped.value
    if isinstance(value, str):
        return UNKNOWN if value == pulumi.runtime.rpc.UNKNOWN else value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    return value


def render_values(values: Mapping[str, Any], secret: Collection[str] = ()) -> dict[str, PropertyValue]:
    """Give plain values as properties, those named ``secret`` marked so; what is not known is left out."""
    return {
        name: _wrapped(value).with_secret(name in secret)
        for name, value in values.items()
        if value is not UNKNOWN and not has_unknown(value)
    }


def _wrapped(value: Any) -> PropertyValue:
    if isinstance(value, Mapping):
        return PropertyValue({key: _wrapped(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return PropertyValue([_wrapped(item) for item in value])
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value))
    return PropertyValue(value)


def has_unknown(value: Any) -> bool:
    """Tell whether a value is, or holds, something not known yet."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN
