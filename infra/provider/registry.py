"""Every kind of resource by its Pulumi type."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from infra.provider import block_storage, compute, identity, image, network, object_store, quota, sharing
from infra.provider.kind import Kind

_MODULES = (identity, quota, compute, block_storage, network, image, object_store, sharing)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.pulumi_type: kind for module in _MODULES for kind in module.KINDS})
"""Pulumi type to kind."""
