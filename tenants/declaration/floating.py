"""Addresses reachable from outside, as a declaration says them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from tenants.declaration.words import Declared, Name, Switch


class FloatingAddress(Declared):
    """An address that is the project's own: kept while the server behind it is replaced, and after it is gone."""

    name: Name = Field(title="Name", description="Unique in the project; a server names it in floating_ip.")


def _kind(value: object) -> str:
    return "<name>" if isinstance(value, str) else "<switch>"


AddressOrSwitch = Annotated[Annotated[Name, Tag("<name>")] | Annotated[Switch, Tag("<switch>")], Discriminator(_kind)]
"""The name of an address of the project, or whether a server gets one that lives as long as it does."""
