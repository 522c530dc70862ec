"""How much a project may use: the limits of a quota class, and what a declaration changes of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tenants.declaration.words import Declared, Name

Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]


class Limits(Declared):
    """Every limit of a project, as one quota class of the catalogue says it."""

    instances: Count = Field(title="Servers", description="Servers at most.")
    cores: Count = Field(title="Cores", description="Virtual processors at most, over all servers.")
    ram_mib: Count = Field(title="Memory", description="Memory at most over all servers, in MiB.")
    volumes: Count = Field(title="Volumes", description="Volumes at most.")
    volume_gib: Count = Field(title="Volume space", description="Space at most over all volumes and snapshots, in GiB.")
    snapshots: Count = Field(title="Snapshots", description="Volume snapshots at most.")
    networks: Count = Field(title="Networks", description="Networks at most.")
    subnets: Count = Field(title="Subnets", description="Subnets at most.")
    routers: Count = Field(title="Routers", description="Routers at most.")
    ports: Count = Field(title="Ports", description="Network ports at most: servers, router interfaces, DHCP.")
    security_groups: Count = Field(
        title="Security groups", description="Security groups at most, the built-in one included."
    )
    security_group_rules: Count = Field(
        title="Security rules", description="Rules at most over all security groups, built-in ones included."
    )
    floating_ips: Count = Field(title="Floating addresses", description="Addresses reachable from outside at most.")
    containers_gib: Count | None = Field(
        default=None,
        title="Object space",
        description="Space at most over all object containers, in GiB; no limit where left out.",
    )


class Quota(Declared):
    """A quota class of the catalogue, and what differs from it."""

    quota_class: Name = Field(
        default="small",
        validation_alias="class",
        serialization_alias="class",
        title="Quota class",
        description="One of the catalogue's quota classes.",
    )
    instances: Count | None = Field(
        default=None, title="Servers", description="Servers at most; the class's where left out."
    )
    cores: Count | None = Field(
        default=None, title="Cores", description="Virtual processors at most, over all servers; the class's where left out."
    )
    ram_mib: Count | None = Field(
        default=None, title="Memory", description="Memory at most over all servers, in MiB; the class's where left out."
    )
    volumes: Count | None = Field(default=None, title="Volumes", description="Volumes at most; the class's where left out.")
    volume_gib: Count | None = Field(
        default=None,
        title="Volume space",
        description="Space at most over all volumes and snapshots, in GiB; the class's where left out.",
    )
    snapshots: Count | None = Field(
        default=None, title="Snapshots", description="Volume snapshots at most; the class's where left out."
    )
    networks: Count | None = Field(
        default=None, title="Networks", description="Networks at most; the class's where left out."
    )
    subnets: Count | None = Field(default=None, title="Subnets", description="Subnets at most; the class's where left out.")
    routers: Count | None = Field(default=None, title="Routers", description="Routers at most; the class's where left out.")
    ports: Count | None = Field(
        default=None,
        title="Ports",
        description="Network ports at most: servers, router interfaces, DHCP; the class's where left out.",
    )
    security_groups: Count | None = Field(
        default=None,
        title="Security groups",
        description="Security groups at most, the built-in one included; the class's where left out.",
    )
    security_group_rules: Count | None = Field(
        default=None,
        title="Security rules",
        description="Rules at most over all security groups, built-in ones included; the class's where left out.",
    )
    floating_ips: Count | None = Field(
        default=None,
        title="Floating addresses",
        description="Addresses reachable from outside at most; the class's where left out.",
    )
    containers_gib: Count | None = Field(
        default=None,
        title="Object space",
        description="Space at most over all object containers, in GiB; the class's where left out.",
    )

    def over(self, limits: Limits) -> Limits:
        """Give the class's limits with what is overridden here."""
        return limits.model_copy(update=self.model_dump(exclude={"quota_class"}, exclude_none=True))
