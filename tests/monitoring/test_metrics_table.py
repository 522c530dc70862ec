"""Every metric is documented, in a table made of what is exported; the exposition is sound; its size is bounded."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from big_cloud import big_cloud
from exposing import exposition, metrics
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from monitoring.rights import NEEDS
from monitoring.usage import CloudUsage
from tenants.installation import repository

TABLE = repository() / "monitoring" / "METRICS.md"
HEAD = """\
# What the exporter exports

Made by `pytest --update` of what the exporter gives, so nothing is missing here. *Without* names the source that takes
the metric away when it cannot be read: `oneroof_source_success{source=…}` is 0 then, and the metric is not there.
Sources `cloud/…` are parts of one reading of the cloud, of at most 40 calls whatever the number of projects; what has no
bulk form (limits of Nova and Cinder, containers) is read of a few projects a turn, and
`oneroof_quota_read_timestamp_seconds` tells when.

"""


def families(given: dict[str, Any]) -> dict[str, Metric]:
    return {family.name: family for family in metrics(given).collect()}


def without(given: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the same sources with one of them failing, each in turn; parts of the cloud as the reading leaves them out."""
    for name in given:
        yield name, given | {name: OSError("gone")}


def depends_on(given: dict[str, Any]) -> dict[str, str]:
    whole = families(given)
    lost: dict[str, list[str]] = {name: [] for name in whole}
    for source, less in without(given):
        there = families(less)
        for name in whole:
            if name not in there or not there[name].samples:
                lost[name].append(source)
    return {name: " and ".join(those) or "–" for name, those in lost.items()}


def render(given: dict[str, Any]) -> str:
    needed = depends_on(given)
    rows = ["| metric | kind | labels | without | meaning |", "|---|---|---|---|---|"]
    for name, family in sorted(families(given).items()):
        shown = f"{name}_total" if family.type == "counter" else name
        labels = sorted({label for sample in family.samples for label in sample.labels})
        rows.append(f"| `{shown}` | {family.type} | {', '.join(labels)} | {needed[name]} | {family.documentation} |")
    return HEAD + "\n".join(rows) + "\n"


def test_the_table_tells_every_metric(sources: dict[str, Any], request: pytest.FixtureRequest) -> None:
    text = render(sources) + "\n" + render_rights() + "\n" + render_cardinality()
    if request.config.getoption("--update"):
        TABLE.write_text(text, encoding="utf-8")
    assert text == TABLE.read_text(encoding="utf-8"), f"{TABLE} differs; pytest --update rewrites it"


def render_rights() -> str:
    rows = [
        "## Which right each part needs",
        "",
        "`oneroof exporter --check` names those that the account has not; the exporter does so when it starts. Neutron and",
        "Cinder do not refuse who may not see all projects, but answer with the account's own project alone: such lists are",
        "left out too. The role `auditor` of the playbooks gives one account each of these rights and none to change",
        "anything: [its policies](../playbooks/roles/auditor/templates/etc/) are the release's own with that account's role",
        "added; Cinder lists all projects' volumes for its administrators alone, so there the role is one, and what",
        "administrators may change is kept from it. The exporter reads as that account. What every user of Keystone may do",
        "with itself (password, key pairs, credentials) stays.",
        "",
        "| part | right | left out without it |",
        "|---|---|---|",
    ]
    rows += [f"| {part} | {need.right} | {', '.join(f'`{m}`' for m in need.metrics)} |" for part, need in NEEDS.items()]
    return "\n".join(rows) + "\n"


def test_every_part_of_a_reading_has_a_right(usage: CloudUsage) -> None:
    assert set(usage.parts) == set(NEEDS)


@pytest.mark.parametrize("part", ["servers", "storage_pools", "object containers"])
def test_rights_name_metrics_that_exist(part: str, sources: dict[str, Any]) -> None:
    known = families(sources)
    for metric in NEEDS[part].metrics:
        stem = metric.split("{")[0].rstrip("*")
        assert any(name.startswith(stem) for name in known), metric


def test_the_exposition_is_openmetrics(sources: dict[str, Any]) -> None:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(metrics(sources))
    text = generate_latest(registry).decode()
    parsed = list(text_string_to_metric_families(text))
    assert {family.name for family in parsed} == set(families(sources))
    series = [(sample.name, tuple(sorted(sample.labels.items()))) for family in parsed for sample in family.samples]
    assert len(series) == len(set(series))


def test_promtool_has_nothing_to_say_but_of_units(sources: dict[str, Any], image_program: Callable[[str], Path]) -> None:
    argv = [image_program("promtool"), "check", "metrics"]
    done = subprocess.run(argv, input=exposition(sources), capture_output=True, text=True, check=False)
    # a year's energy and CO2 are told in kilowatt-hours and kilograms, as bills do; promtool would have joules and grams
    others = [line for line in done.stderr.splitlines() if not re.match(r"oneroof_saved_(energy|carbon)_", line)]
    assert (done.stdout, others) == ("", [])


def series(departments: int) -> int:
    usage, guests = big_cloud(departments)
    written = {volume.volume_id: 1 for volume in usage.breakdown.named_volumes} if usage.breakdown else {}
    given = {"cloud": usage, "guests": guests, "written": written}
    return sum(len(family.samples) for family in metrics(given).collect())


def render_cardinality() -> str:
    return (
        "## How many series\n\n"
        "Labels are made of names of departments, projects, servers, hosts, flavors and types of volumes, and of the 20\n"
        "largest containers of a project: nothing that a department can choose without bound beyond its quota.\n"
        "1,000 departments with a project, five servers, two volumes of two types and 30 containers each, on 50 hosts,\n"
        f"give {series(1000):,} series, and one more such\ndepartment {series(11) - series(10):,}. "
        "The text of these, about 13 MB, and its compressed form, 0.5 MB, are\n"
        "made when something was read and kept once for each of two formats at most; an answer only sends them.\n"
    )


def test_series_grow_with_what_exists_and_not_faster() -> None:
    one = series(11) - series(10)
    assert series(1000) <= 1000 * one + 1000
    assert series(1000) < 150_000


def test_two_servers_of_one_name_are_two_series(usage: CloudUsage, sources: dict[str, Any]) -> None:
    twin = replace(usage.servers[0], server_id="99aabbccdd")
    text = exposition(sources | {"cloud": replace(usage, servers=(*usage.servers, twin))})
    assert 'server="web 11"' in text
    assert 'server="web 99aabbcc"' in text
