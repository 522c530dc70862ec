"""Nova: groups of servers that are kept on different hosts."""

# ruff: noqa: ARG002 - every kind has the same methods, whether it needs each argument or not

from __future__ import annotations

from typing import Any, ClassVar

from infra.provider.cloud import Cloud
from infra.provider.field import choice, text
from infra.provider.kind import MARK, Kind, marked, unmarked
from infra.provider.values import Values

POLICIES = ("anti-affinity", "soft-anti-affinity")


class ServerGroup(Kind):
    """Servers kept apart; it has no description, so the mark ends its name. Nova never changes one."""

    pulumi_type = "oneroof:compute:ServerGroup"
    service, noun = "compute", "server_group"
    fields: ClassVar = {
        "name": text(replaces=True),
        "project_id": text(replaces=True),
        "policy": choice(POLICIES, replaces=True),
    }

    def is_ours(self, resource: Any) -> bool:
        """Tell by its name."""
        return str(resource.name).endswith(MARK)

    def listed(self, cloud: Cloud, **filters: Any) -> list[Any]:
        """List the groups of every project: Nova has no filter for them."""
        return list(cloud.admin.compute.server_groups(all_projects=True))

    def find(self, cloud: Cloud, inputs: Values) -> Any | None:
        """Give the group of this name in the project."""
        if cloud.is_fresh(inputs["project_id"]):
            return None
        wanted = (marked(inputs["name"]), inputs["project_id"])
        return next((each for each in self.listed(cloud) if (each.name, each.project_id) == wanted), None)

    def create(self, cloud: Cloud, inputs: Values) -> Any:
        """Make it in its project."""
        name, policy = marked(inputs["name"]), inputs["policy"]
        return cloud.in_project(inputs["project_id"]).compute.create_server_group(name=name, policy=policy)

    def show(self, cloud: Cloud, resource: Any, state: Values) -> Values:
        """Give the name as declared."""
        return {"name": unmarked(resource.name), "project_id": resource.project_id, "policy": resource.policy}


KINDS: tuple[Kind, ...] = (ServerGroup(),)
