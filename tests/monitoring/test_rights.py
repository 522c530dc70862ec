"""What an account may not read is named with the right it needs; a list that may be short is never counted."""

from __future__ import annotations

from dataclasses import replace

from small_cloud import INVENTORY

from infra.inventory.model import Failure
from monitoring.reading import build_usage
from monitoring.rights import NEEDS, build_lacks, without_partial

REFUSED = "ForbiddenException: 403: Client Error for url: https://cloud:9696/v2.0/quotas"


def test_a_refused_part_is_named_with_its_right_and_what_is_left_out() -> None:
    (lack,) = build_lacks({"servers": "ForbiddenException: 403", "volumes": "504 Gateway Timeout"})
    assert lack.part == "servers"
    sentence = lack.sentence()
    assert "os_compute_api:servers:detail:get_all_tenants" in sentence
    assert all(metric in sentence for metric in NEEDS["servers"].metrics)


def test_lists_that_neutron_may_have_shortened_are_not_counted() -> None:
    partial = replace(INVENTORY, network_quotas=None, failures=(Failure("network_quotas", REFUSED),))
    usage = build_usage(without_partial(partial), {})
    assert usage.projects[1].usage.floating_addresses is None
    assert usage.projects[1].usage.cores == 3
    assert usage.capacity.floating_addresses is None
    assert usage.parts["floating_addresses"] is False
    assert "may hold the account's own project alone" in usage.missing["floating_addresses"]
    assert {lack.part for lack in build_lacks(usage.missing)} >= {"network_quotas", "floating_addresses", "networks"}


def test_a_service_that_fails_for_another_reason_keeps_its_other_lists() -> None:
    failing = replace(INVENTORY, network_quotas=None, failures=(Failure("network_quotas", "503 Service Unavailable"),))
    assert without_partial(failing) == failing
    assert build_usage(failing, {}).projects[1].usage.floating_addresses == 1
