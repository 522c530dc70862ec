"""Networks of a project, and what is let into its servers."""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from typing import Annotated

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from tenants.declaration.words import Declared, Name, Switch

ANYWHERE = "anywhere"


class Protocol(StrEnum):
    """What a security rule lets in."""

    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"


class Network(Declared):
    """A private network of a project, with one subnet."""

    name: Name = Field(title="Name", description="Unique in the project.")
    cidr: ipaddress.IPv4Network = Field(
        title="Address range",
        description="Unique in the whole government, for example 10.20.4.0/24; from the address plan of the catalogue.",
    )
    internet: Switch = Field(
        default=True,
        title="Internet",
        description="Whether the project's router joins it to the outside; floating addresses need it.",
    )


class SecurityRule(Declared):
    """One thing let in; everything else is kept out, and everything may go out."""

    protocol: Protocol = Field(title="Protocol", description="tcp, udp or icmp.")
    ports: str = Field(
        default="", title="Ports", description="A port such as 443, or a range such as 8000-8010; left out for icmp."
    )
    source: str = Field(
        default=ANYWHERE,
        validation_alias="from",
        serialization_alias="from",
        title="From",
        description="anywhere, an address range, or the name of a security group of the same project.",
    )

    @field_validator("ports", mode="before")
    @classmethod
    def _port_as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("ports")
    @classmethod
    def _ports_in_range(cls, value: str) -> str:
        low, dash, high = value.partition("-")
        if value and not (low.isascii() and low.isdigit() and (not dash or (high.isascii() and high.isdigit()))):
            raise ValueError("expected a port such as 443 or a range such as 8000-8010")
        if value and not 1 <= int(low) <= int(high or low) <= 65535:
            raise ValueError("expected ports between 1 and 65535, the lower one first")
        return value

    @model_validator(mode="after")
    def _ports_belong_to_protocol(self) -> SecurityRule:
        if self.protocol is Protocol.ICMP and self.ports:
            raise ValueError(f"got ports {self.ports} with protocol icmp, expected no ports")
        if self.protocol is not Protocol.ICMP and not self.ports:
            raise ValueError(f"got no ports, expected ports such as 443 with protocol {self.protocol}")
        return self

    @property
    def port_range(self) -> tuple[int, int] | None:
        """First and last port, or nothing for icmp."""
        if not self.ports:
            return None
        low, _, high = self.ports.partition("-")
        return int(low), int(high or low)

    @property
    def source_cidr(self) -> ipaddress.IPv4Network | None:
        """The address range it lets in, or nothing where :attr:`source` names a security group."""
        if self.source == ANYWHERE:
            return ipaddress.IPv4Network("0.0.0.0/0")
        try:
            return ipaddress.IPv4Network(self.source)
        except ValueError:
            return None


def _rule_kind(value: object) -> str:
    return "<rule>" if isinstance(value, dict | SecurityRule) else "<rule set>"


RuleOrSet = Annotated[Annotated[Name, Tag("<rule set>")] | Annotated[SecurityRule, Tag("<rule>")], Discriminator(_rule_kind)]
"""The name of a rule set of the catalogue, or a rule of one's own. The tags in <> never reach a message."""


class SecurityGroup(Declared):
    """A set of rules that servers share."""

    name: Name = Field(title="Name", description="Unique in the project.")
    rules: tuple[RuleOrSet, ...] = Field(
        default=(), title="Rules", description="Names of rule sets of the catalogue, or rules of one's own."
    )
