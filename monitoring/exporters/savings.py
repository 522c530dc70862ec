"""What the cloud saves, with its idle pool and the coverage of its baseline beside it."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from monitoring.savings.model import IDLE, Savings

_LABELS = ("department", "site")


def build_savings_metrics(site: str, savings: Savings) -> Iterator[Metric]:
    """Give each department's part; what could not be computed is left out."""

    def family(name: str, words: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"oneroof_{name}", words, labels=_LABELS)

    hosts = family("attributed_hosts", "Hosts of the cloud by dominant share; the shares add up to all hosts.")
    before = family("baseline_servers", "Servers the department ran before, by its survey.")
    retired = family("retired_servers", "Surveyed servers that are switched off.")
    energy = family("saved_energy_kilowatt_hours_per_year", "Energy no longer used.")
    carbon = family("saved_carbon_kilograms_per_year", "CO2 no longer emitted.")
    avoided = family("avoided_cost_yuan_per_year", "Cost that does not arise any more, paid or not.")
    money = family("saving_yuan_per_year", "Money that is no longer paid.")
    for department in savings.departments:
        labels = (department.department, site)
        hosts.add_metric(labels, department.hosts)
        if not department.surveyed:
            continue
        before.add_metric(labels, department.servers_before)
        retired.add_metric(labels, department.servers_retired)
        for metric, value in (
            (energy, department.energy_saved),
            (carbon, department.carbon_saved),
            (avoided, department.avoided_cost),
            (money, department.saving),
        ):
            if value is not None:
                metric.add_metric(labels, value)
    hosts.add_metric((IDLE, site), savings.idle_hosts)
    coverage = GaugeMetricFamily(
        "oneroof_baseline_coverage_ratio", "Departments on the cloud that have a baseline.", labels=("site",)
    )
    coverage.add_metric((site,), savings.coverage)
    yield from (hosts, before, retired, energy, carbon, avoided, money, coverage)
