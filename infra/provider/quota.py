"""Quotas of a project, alike in every service: limits by name, and back to the defaults when no longer declared."""

# ruff: noqa: ARG002 - every kind has the same methods, whether it needs each argument or not

from __future__ import annotations

from typing import Any, ClassVar

from infra.provider import account
from infra.provider.cloud import Cloud
from infra.provider.field import limits, text
from infra.provider.kind import Kind
from infra.provider.values import Values


class QuotaKind(Kind):
    """The quota of one project in one service; its id is the project's."""

    noun = "quota_set"
    limit_names: ClassVar[tuple[str, ...]]
    outputs: ClassVar[tuple[str, ...]] = ()

    @property
    def label(self) -> str:
        """What people call it."""
        return f"{self.service.replace('_', ' ')} quota"

    def find(self, cloud: Cloud, inputs: Values) -> Any | None:
        """Give nothing: setting it twice sets it once."""
        return None

    def create(self, cloud: Cloud, inputs: Values) -> Any:
        """Set the limits."""
        self.write(cloud, inputs["project_id"], inputs["limits"])
        return inputs["project_id"]

    def get(self, cloud: Cloud, identifier: str, state: Values) -> Any | None:
        """Give the limits as they are; a project that is gone has none."""
        from openstack.exceptions import NotFoundException

        try:
            return self.read(cloud, identifier)
        except NotFoundException:
            return None

    def show(self, cloud: Cloud, resource: Any, state: Values) -> Values:
        """Give the declared limits as they are; of an imported quota, all that are set."""
        if isinstance(resource, str):
            return {"project_id": resource, "limits": dict(state["limits"])}
        names = state["limits"] if state.get("limits") else self.limit_names
        actual = {name: getattr(resource, name) for name in names if getattr(resource, name) is not None}
        return {"project_id": state.get("project_id"), "limits": actual}

    def identifier(self, resource: Any) -> str:
        """Give the project's id."""
        return str(resource)

    def update(self, cloud: Cloud, identifier: str, state: Values, inputs: Values, changed: set[str]) -> None:
        """Set the limits; one that is no longer declared goes back to its default, in the same call."""
        gone = state["limits"].keys() - inputs["limits"].keys()
        defaults = self.defaults(cloud, identifier) if gone else None
        self.write(cloud, identifier, inputs["limits"] | {name: getattr(defaults, name) for name in gone})

    def loosens(self, state: Values, inputs: Values) -> bool:
        """Tell whether the declared limits differ only where there is none: a number then stands for no limit."""
        return all(state["limits"].get(name) in (-1, limit) for name, limit in inputs["limits"].items())

    def delete(self, cloud: Cloud, identifier: str, state: Values) -> None:
        """Put every limit back to its default."""
        self.proxy(cloud.admin).revert_quota_set(identifier)

    def read(self, cloud: Cloud, project_id: str) -> Any:
        """Ask for the limits."""
        return self.proxy(cloud.admin).get_quota_set(project_id)

    def write(self, cloud: Cloud, project_id: str, limits: Values) -> None:
        """Set some limits."""
        self.proxy(cloud.admin).update_quota_set(project_id, **limits)

    def defaults(self, cloud: Cloud, project_id: str) -> Any:
        """Ask for the limits of a project that has no quota of its own."""
        return self.proxy(cloud.admin).get_quota_set_defaults(project_id)


def _fields(names: tuple[str, ...]) -> dict[str, Any]:
    return {"project_id": text(replaces=True), "limits": limits(names)}


class ComputeQuota(QuotaKind):
    """Servers, cores and memory (MiB)."""

    pulumi_type = "oneroof:compute:Quota"
    service = "compute"
    limit_names = ("instances", "cores", "ram", "key_pairs", "metadata_items", "server_groups", "server_group_members")
    fields: ClassVar = _fields(limit_names)


class BlockStorageQuota(QuotaKind):
    """Volumes, their space (GiB) and snapshots."""

    pulumi_type = "oneroof:block_storage:Quota"
    service = "block_storage"
    limit_names = ("volumes", "gigabytes", "snapshots", "per_volume_gigabytes", "backups", "backup_gigabytes", "groups")
    fields: ClassVar = _fields(limit_names)


class NetworkQuota(QuotaKind):
    """Networks and what belongs to them."""

    pulumi_type = "oneroof:network:Quota"
    service = "network"
    limit_names = (
        "networks", "subnets", "routers", "ports", "floating_ips", "security_groups", "security_group_rules",
        "rbac_policies", "subnet_pools",
    )  # fmt: skip
    fields: ClassVar = _fields(limit_names)

    def delete(self, cloud: Cloud, identifier: str, state: Values) -> None:
        """Put every limit back to its default."""
        cloud.admin.network.delete_quota(identifier, ignore_missing=True)

    def read(self, cloud: Cloud, project_id: str) -> Any:
        """Ask for the limits."""
        return cloud.admin.network.get_quota(project_id)

    def write(self, cloud: Cloud, project_id: str, limits: Values) -> None:
        """Set some limits."""
        cloud.admin.network.update_quota(project_id, **limits)

    def defaults(self, cloud: Cloud, project_id: str) -> Any:
        """Ask for the limits of a project that has no quota of its own."""
        return cloud.admin.network.get_quota_default(project_id)


class ObjectStoreQuota(QuotaKind):
    """Space over all containers of a project's account, in bytes; only a reseller's admin may set it."""

    pulumi_type = "oneroof:object_store:Quota"
    service = "object_store"
    limit_names = ("bytes",)
    fields: ClassVar = _fields(limit_names)

    def delete(self, cloud: Cloud, identifier: str, state: Values) -> None:
        """Take the limit away."""
        account.write_quota(cloud, identifier, account.UNLIMITED)

    def read(self, cloud: Cloud, project_id: str) -> Any:
        """Ask for the limit."""
        return account.read_quota(cloud, project_id)

    def write(self, cloud: Cloud, project_id: str, limits: Values) -> None:
        """Set the limit."""
        account.write_quota(cloud, project_id, limits.get("bytes", account.UNLIMITED))

    def defaults(self, cloud: Cloud, project_id: str) -> Any:
        """Give what an account has that was never limited."""
        return account.AccountQuota(account.UNLIMITED)


KINDS: tuple[Kind, ...] = (ComputeQuota(), BlockStorageQuota(), NetworkQuota(), ObjectStoreQuota())
