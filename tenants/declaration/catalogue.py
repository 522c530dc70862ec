"""What may be asked for: the shape of ``tenants/catalogue.yaml``."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from tenants.declaration.blueprint import Blueprint
from tenants.declaration.network import SecurityGroup, SecurityRule
from tenants.declaration.quota import Limits, Quota
from tenants.declaration.words import Declared, Name, Switch

_Positive = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]
_Size = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]


class Flavor(Declared):
    """A size of servers."""

    vcpus: _Positive = Field(title="Cores", description="Virtual processors.")
    ram_mib: _Positive = Field(title="Memory", description="Memory in MiB.")
    disk_gib: _Size = Field(title="Disk", description="Root disk in GiB; its content dies with the server.")
    purpose: str = Field(default="", title="Purpose", description="What it is good for.")


class Image(Declared):
    """What a server boots."""

    purpose: str = Field(default="", title="Purpose", description="What it is good for.")
    cloud_init: Switch = Field(default=False, title="cloud-init", description="Whether it reads #cloud-config.")
    min_ram_mib: _Size = Field(default=0, title="Least memory", description="Memory a server needs to boot it, in MiB.")
    min_disk_gib: _Size = Field(default=0, title="Least disk", description="Root disk a server needs to boot it, in GiB.")


class VolumeType(Declared):
    """A kind of disk."""

    purpose: str = Field(default="", title="Purpose", description="What it is good for.")


class RuleSet(Declared):
    """Security rules under one name."""

    purpose: str = Field(default="", title="Purpose", description="What it lets in.")
    rules: tuple[SecurityRule, ...] = Field(min_length=1, title="Rules", description="What it lets in.")


class Directory(Declared):
    """A Keystone domain whose groups and users come from a directory: LDAP, or an OIDC provider by Keystone's mapping."""

    purpose: str = Field(default="", title="Purpose", description="Who is in it.")


class AddressPlan(Declared):
    """Which addresses belong to whom."""

    departments: tuple[ipaddress.IPv4Network, ...] = Field(
        min_length=1, title="Departments", description="Ranges that the departments' networks are taken from."
    )
    largest_prefix: int = Field(
        default=16, strict=True, ge=8, le=29, title="Largest network", description="Shortest prefix one network may have."
    )


class SharingPlan(Declared):
    """What every sharing grant keeps to."""

    longest_years: int = Field(
        default=3, strict=True, ge=1, le=10, title="Longest grant", description="Years from the first to the last day."
    )


class Catalogue(Declared):
    """Everything a declaration may refer to."""

    flavors: Mapping[Name, Flavor] = Field(title="Flavors", description="Sizes of servers.")
    images: Mapping[Name, Image] = Field(title="Images", description="What servers boot.")
    volume_types: Mapping[Name, VolumeType] = Field(title="Volume types", description="Kinds of disks.")
    quota_classes: Mapping[Name, Limits] = Field(title="Quota classes", description="Limits of projects.")
    rule_sets: Mapping[Name, RuleSet] = Field(title="Rule sets", description="Security rules under a name.")
    recovery_tiers: tuple[Name, ...] = Field(
        min_length=1, title="Recovery tiers", description="Names of the tiers of backup/policy.yaml."
    )
    roles: tuple[Name, ...] = Field(min_length=1, title="Roles", description="Roles that groups may have on projects.")
    directories: Mapping[Name, Directory] = Field(
        default={},
        title="Directories",
        description="Keystone domains whose groups departments may give roles to, and never change.",
    )
    blueprints: Mapping[Name, Blueprint] = Field(
        default={}, title="Blueprints", description="Stacks with parameters; each may have a file in blueprints/ instead."
    )
    addresses: AddressPlan = Field(title="Address plan", description="Which addresses belong to whom.")
    overbooking: Annotated[float, Field(ge=1, le=1000)] = Field(
        default=1.0,
        title="Overbooking",
        description="How many times what the cloud has left the quotas of one department may grow by; 1: each is covered.",
    )
    sharing: SharingPlan = Field(
        default=SharingPlan(), title="Sharing", description="What grants between departments keep to."
    )
    quarantine_days: int = Field(
        default=7,
        strict=True,
        ge=0,
        le=3650,
        title="Quarantine",
        description="Days that what is to be erased is kept at least, stopped and out of reach.",
    )
    longest_waiver_days: int = Field(
        default=366,
        strict=True,
        ge=1,
        le=3660,
        title="Longest waiver",
        description="Days after its approval at most for which something may be left out of the backup.",
    )

    def limits(self, quota: Quota) -> Limits:
        """Give every limit that a quota means; raises KeyError for a class that is not in the catalogue."""
        return quota.over(self.quota_classes[quota.quota_class])

    def rules(self, group: SecurityGroup) -> tuple[SecurityRule, ...]:
        """Give the rules of a security group, each once; raises KeyError for an unknown rule set."""
        every = [
            rule
            for entry in group.rules
            for rule in ((entry,) if isinstance(entry, SecurityRule) else self.rule_sets[entry].rules)
        ]
        return tuple(dict.fromkeys(every))
