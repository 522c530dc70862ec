"""What is refused before anything is planned, each with what was got and what was expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from infra.desired import DesiredProject, DesiredServer, DesiredState, DesiredVolume
from infra.plan.capacity import CALLED, Stock
from infra.plan.recorded import Recorded
from infra.plan.refusal import build_growth, find_refusals
from infra.plan.usage import Usage
from infra.shared import DesiredFlavor

TINY = DesiredFlavor("tiny", 1, 256, 1, "")
SERVER = DesiredServer("web", "tiny", "tiny", "front", (), (), "", floating_ip=True)
PROJECT = DesiredProject(
    key="prod",
    name="parks-prod",
    description="",
    tags=(),
    quotas={"compute": {"instances": 4, "cores": 4, "ram": 1024}, "network": {"ports": 5, "floating_ips": 1}},
    networks=(),
    security_groups=(),
    volumes=(),
    containers=(),
    servers=(SERVER,),
)
PARKS = DesiredState("parks", "Parks", (PROJECT,), (), ())
APPLIED = Recorded({"prod": "1"}, {("prod", service): limits for service, limits in PROJECT.quotas.items()}, ())
NEW = Recorded({}, {}, ())
EVERYTHING = frozenset({"compute/instances", "compute/cores", "compute/ram", "network/ports", "network/floating_ips"})


def used(**counted: int) -> Usage:
    return Usage(EVERYTHING, {("1", name.replace("__", "/")): value for name, value in counted.items()})


def left(**amounts: float) -> dict[str, Stock]:
    limits = {name.replace("__", "/"): amount for name, amount in amounts.items()}
    return {limit: Stock(limit, *CALLED[limit], 1000, amount) for limit, amount in limits.items()}


def with_quota(service: str, **limits: int) -> DesiredState:
    quotas = {**PROJECT.quotas, service: {**PROJECT.quotas[service], **limits}}
    return replace(PARKS, projects=(replace(PROJECT, quotas=quotas),))


def refusals(
    desired: DesiredState, recorded: Recorded, usage: Usage, stocks: Mapping[str, Stock], overbooking: float = 1.0
) -> list[str]:
    return list(find_refusals(desired, recorded, usage, stocks, {"tiny": TINY}, overbooking))


def test_a_quota_below_what_is_used_is_refused() -> None:
    (sentence,) = refusals(with_quota("compute", cores=2), APPLIED, used(compute__cores=3), {})
    assert sentence.startswith("project prod: compute quota: cores: got 2, expected at least 3, which is used now")
    assert "HINT: " in sentence


def test_every_limit_that_is_too_low_is_told() -> None:
    desired = with_quota("network", ports=1, floating_ips=0)
    found = refusals(desired, APPLIED, used(network__ports=2, network__floating_ips=1), {})
    assert [sentence.split(":")[2].strip() for sentence in found] == ["ports", "floating_ips"]


def test_just_what_is_used_is_enough() -> None:
    assert not refusals(with_quota("compute", cores=3), APPLIED, used(compute__cores=3), {})


def test_a_quota_that_the_change_leaves_alone_is_no_fault_of_it() -> None:
    assert not refusals(PARKS, APPLIED, used(compute__cores=9), {})


def test_what_was_not_read_is_not_taken_for_unused_nor_for_used() -> None:
    assert not refusals(with_quota("compute", cores=0), APPLIED, Usage(), {})


def test_growth_beyond_what_the_cloud_has_left_is_refused() -> None:
    stocks = left(compute__cores=5, compute__ram=9999)
    (sentence,) = refusals(with_quota("compute", cores=10), APPLIED, used(compute__cores=1), stocks)
    assert sentence.startswith("cores: the quota grows by 6 vCPU, expected at most 5: the cloud has 5 left")
    assert not refusals(with_quota("compute", cores=9), APPLIED, used(compute__cores=1), stocks)


def test_quotas_may_promise_as_many_times_what_is_left_as_operations_say() -> None:
    stocks = left(compute__cores=5)
    assert not refusals(with_quota("compute", cores=24), APPLIED, used(compute__cores=1), stocks, overbooking=4)
    assert refusals(with_quota("compute", cores=25), APPLIED, used(compute__cores=1), stocks, overbooking=4)


def test_what_is_to_be_built_must_be_left_whatever_quotas_may_promise() -> None:
    (sentence,) = refusals(PARKS, NEW, Usage(), left(compute__ram=200, network__floating_ips=9), overbooking=1000)
    assert sentence == "memory: what is declared needs 256 MiB more, expected at most 200, which the cloud has left"


def test_what_is_built_already_needs_nothing_more() -> None:
    there = used(compute__cores=1, compute__ram=256, network__floating_ips=1)
    assert not refusals(PARKS, APPLIED, there, left(compute__cores=0, compute__ram=0, network__floating_ips=0))


def test_volumes_need_space_that_is_left() -> None:
    volumes = replace(PARKS, projects=(replace(PROJECT, volumes=(DesiredVolume("data", 50, "standard"),)),))
    (sentence,) = refusals(volumes, NEW, Usage(), left(block_storage__gigabytes=49.84))
    assert sentence == "volume space: what is declared needs 50 GiB more, expected at most 49.8, which the cloud has left"


@pytest.mark.parametrize(("recorded", "cores"), [(NEW, 4), (APPLIED, 0)])
def test_growth_is_what_quotas_rise_by(recorded: Recorded, cores: int) -> None:
    assert build_growth(PARKS, recorded)["compute/cores"] == cores


def test_what_one_project_gives_back_another_of_the_department_may_have() -> None:
    recorded = replace(APPLIED, quotas={**APPLIED.quotas, ("old", "compute"): {"cores": 4}})
    assert build_growth(with_quota("compute", cores=8), recorded)["compute/cores"] == 0
