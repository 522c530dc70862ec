"""Any resource of the provider ``oneroof``, by its type: the provider knows its properties, so nothing is said twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

_OUTPUTS: Mapping[str, tuple[str, ...]] = {
    "oneroof:identity:User": ("password",),
    "oneroof:identity:ApplicationCredential": ("secret",),
    "oneroof:network:Router": ("external_address",),
    "oneroof:network:FloatingIp": ("floating_ip_address", "fixed_ip_address"),
    "oneroof:compute:Server": ("fixed_address", "port_id"),
}


class Resource(pulumi.CustomResource):
    """One resource of the cloud."""

    def __init__(
        self,
        type_: str,
        name: str,
        inputs: Mapping[str, Any],
        *,
        parent: pulumi.Resource,
        after: list[pulumi.Resource],
        gone_with: pulumi.Resource | None = None,
    ) -> None:
        """Declare it: ``type_`` is ``<service>:<Name>``, ``after`` is what must be there first without being named.

        ``gone_with`` is what the cloud itself takes it away with: where that is deleted, it is not deleted before.
        """
        full = f"oneroof:{type_}"
        properties = {**inputs, **dict.fromkeys(_OUTPUTS.get(full, ()))}
        super().__init__(
            full, name, properties, pulumi.ResourceOptions(parent=parent, depends_on=after, deleted_with=gone_with)
        )

    def shown(self, name: str) -> pulumi.Output[Any]:
        """Give one of its properties as the cloud has it."""
        value: pulumi.Output[Any] = getattr(self, name)
        return value
