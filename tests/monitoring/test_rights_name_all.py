"""What is said to be lost for want of a right is what is lost: each part is taken away in turn, the metrics compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from exposing import metrics
from small_cloud import INVENTORY

from infra.inventory.model import Agent, Failure, RbacPolicy
from infra.inventory.object_account import Account, Container
from infra.inventory.rolling import Rolled, Told
from monitoring.breakdown import PARTS
from monitoring.guests import Guest
from monitoring.reading import ReadingError, build_usage
from monitoring.rights import NEEDS, ROLLING, without_partial

CLOUD = replace(
    INVENTORY,
    compute_services=(Agent("nova-compute", "h1", up=True, enabled=True),),
    block_storage_services=(Agent("cinder-volume", "h1", up=True, enabled=True),),
    network_agents=(Agent("ovn-controller", "h1", up=True, enabled=True),),
    rbac_policies=(RbacPolicy("r", "p1", "network", "n2", "access_as_shared", "p2"),),
)
LIMITS = {"instances": 1, "cores": 1, "ram": 1, "volumes": 1, "gigabytes": 1}
TOLD = Told(1.0, 1, LIMITS, LIMITS, Account(1, 1, 1, (Container("scans", 1, 1),)))
GUESTS = (Guest("i1", "web", 1.0, 1, 1, 1, 1, 1, 1, 1, 1),)
ALWAYS = ("oneroof_source_", "oneroof_api_")
"""Metrics of the measuring itself."""


def series(without: str = "") -> set[str]:
    """Give every name, and of agents that with their service, of a reading that was refused one part."""
    failures = (Failure(without, "403 Forbidden"),) if without in PARTS else ()
    inventory = without_partial(replace(CLOUD, failures=failures, **dict.fromkeys({without} & set(PARTS))))
    parts = {"compute quotas": "compute", "block storage quotas": "block_storage", "object containers": "account"}
    told = replace(TOLD, **dict.fromkeys({parts[without]} if without in parts else ()))
    rolled = Rolled({"p1": told, "p2": told}, {without: "403"} if without in ROLLING else {}, 3)
    usage = build_usage(inventory, {}, rolled)
    families = metrics({"cloud": usage, "guests": GUESTS, "written": {"v": 1}}).collect()
    samples = [sample for family in families for sample in family.samples]
    agents = {f"oneroof_agents{{service={s.labels['service']}}}" for s in samples if s.name == "oneroof_agents"}
    return agents | {s.name for s in samples if s.name != "oneroof_agents" and not s.name.startswith(ALWAYS)}


def matching(names: Iterable[str], patterns: Iterable[str]) -> set[str]:
    """Give the names that a pattern of the table means; ``*`` stands for any end."""
    return {n for n in names for p in patterns if n == p or (p.endswith("*") and n.startswith(p[:-1]))}


@pytest.mark.parametrize("part", [part for part in NEEDS if part not in ("domains", "projects")])
def test_what_is_named_is_what_is_lost(part: str) -> None:
    whole = series()
    lost = whole - series(part)
    short = [other for other in NEEDS if other != part and other in refused_with(part)]
    named = {metric for other in (part, *short) for metric in NEEDS[other].metrics}
    assert lost == matching(whole, named)


def refused_with(part: str) -> set[str]:
    """Give the lists of the same service that are left out too, as they may be short."""
    if part not in PARTS:
        return set()
    inventory = without_partial(replace(CLOUD, failures=(Failure(part, "403 Forbidden"),), **{part: None}))
    return {failure.source for failure in inventory.failures} - {part}


@pytest.mark.parametrize("part", ["domains", "projects"])
def test_without_these_nothing_can_be_said(part: str) -> None:
    refused = replace(CLOUD, failures=(Failure(part, "403 Forbidden"),), **{part: None})
    with pytest.raises(ReadingError, match=f"{part}: 403"):
        build_usage(refused, {})
