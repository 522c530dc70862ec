"""The utilisation report's sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from monitoring.periods.plots import Bar, plot_bars
from monitoring.periods.shown.lines import show_lines
from monitoring.periods.shown.proof import show_holes
from monitoring.periods.shown.section import GIB, MOST_BARS, Section, Table, Told, Words, number, percent
from monitoring.reports.language import render_name

_HOSTS, _FIGURES = ("processor", "memory", "storage"), ("mean", "p95", "most")


def show_utilisation(told: Told, w: Words) -> Iterator[Section]:
    """Give the cloud, the departments, hosts and flavors, and what was not measured."""
    figures = told["figures"]
    departments = figures["departments"]
    yield _cloud(told, w)
    yield Section(
        "departments",
        w["departments"],
        (),
        (_departments_table(departments, figures["all"], w), _quantities_table(departments, figures["all"], w)),
        ((w["utilisation_plot"], _utilisation_bars(departments, w)),),
    )
    yield Section("hosts", f"{w['hosts']} · {w['flavors']}", (), _kinds_tables(figures, w))
    yield from show_holes(told, figures["holes"], w, figures["measured"]["sources"])


def _cloud(told: Told, w: Words) -> Section:
    cloud, measured = told["figures"]["cloud"], told["figures"]["measured"]
    resources = [
        (w[key], _amount(key, cloud["capacity"][key]), _amount(key, cloud["given"][key]), percent(share))
        for key, share in cloud["given_share"].items()
    ]
    used = [(w[key], *(percent(cloud[key][figure]) for figure in _FIGURES)) for key in _HOSTS]
    shares = f"{w['holes_cloud']} {percent(measured['cloud'])}, {w['holes_hosts']} {percent(measured['hosts'])}"
    cores = (("capacity/plot", "capacity_line"), ("given/plot", "given_line"), ("worked/plot", "kept_busy"))
    hosts = (("processor/plot", "processor"), ("memory/plot", "memory"))
    return Section(
        "cloud",
        w["cloud"],
        (
            f"{w['hosts_mean']}: {number(cloud['hosts'])}.",
            f"{w['measured_share']}: {shares} {w['of_time']}. {w['measured_note']}",
        ),
        (
            Table(
                w["capacity"],
                (w["resource"], w["capacity"], w["given"], w["given_share"]),
                resources,
                sources=[f"{of}/{key}" for key in cloud["given_share"] for of in ("capacity", "given")],
            ),
            Table(
                w["measure"],
                (w["resource"], *(w[figure] for figure in _FIGURES)),
                used,
                sources=[f"{key}/{figure}" for key in _HOSTS for figure in _FIGURES],
            ),
        ),
        (
            (w["cores_plot"], show_lines(told, w, cores, "cores_plot", 1)),
            (w["hosts_plot"], show_lines(told, w, hosts, "hosts_plot", 100)),
        ),
    )


def _departments_table(departments: Sequence[Mapping[str, Any]], whole: Mapping[str, Any], w: Words) -> Table:
    rows = [
        (
            _who(d, w),
            number(d["hours"]["cores"]),
            number(d["running_core_hours"]),
            number(d["worked_core_hours"]),
            percent(d["utilisation"]),
            percent(d["of_quota"]["cores"]),
        )
        for d in departments
    ]
    total = (
        w["all"],
        number(whole["hours"]["cores"]),
        number(whole["running_core_hours"]),
        number(whole["worked_core_hours"]),
        percent(whole["utilisation"]),
        "",
    )
    columns = (w["department"], w["core_hours"], w["running"], w["worked"], w["utilisation"], w["of_quota"])
    sources = ("given/cores", "running", "worked", "quota/cores")
    return Table(w["cores"], columns, [*rows, total], last_is_total=True, sources=sources)


def _quantities_table(departments: Sequence[Mapping[str, Any]], whole: Mapping[str, Any], w: Words) -> Table:
    keys = ("memory_bytes", "storage_bytes", "object_bytes", "floating_addresses")
    rows = [(_who(d, w), *(number(d["hours"][key]) for key in keys)) for d in departments]
    total = (w["all"], *(number(whole["hours"][key]) for key in keys))
    columns = (w["department"], w["memory_hours"], w["storage_hours"], w["object_hours"], w["address_hours"])
    caption = f"{w['memory_bytes']} · {w['storage_bytes']} · {w['object_bytes']} · {w['floating_addresses']}"
    return Table(caption, columns, [*rows, total], last_is_total=True, sources=[f"given/{key}" for key in keys])


def _utilisation_bars(departments: Sequence[Mapping[str, Any]], w: Words) -> Markup:
    known = [d for d in departments if d["utilisation"] is not None][:MOST_BARS]
    bars = [Bar(d["name"], 0.0, d["utilisation"] * 100, percent(d["utilisation"])) for d in known]
    said = ", ".join(f"{d['name']} {percent(d['utilisation'])}" for d in known)
    return plot_bars(bars, "%", f"{w['utilisation_plot']}: {said or w['none']}")


def _kinds_tables(figures: Mapping[str, Any], w: Words) -> tuple[Table, ...]:
    hosts = [
        (
            row["host"],
            number(row["hours"]["cores"]),
            number(row["hours"]["given"]),
            number(row["hours"]["worked"]),
            percent(row["utilisation"]),
        )
        for row in figures["hosts"]
    ]
    flavors = [
        (row["flavor"], number(row["hours"]["running"]), number(row["hours"]["worked"]), percent(row["utilisation"]))
        for row in figures["flavors"]
    ]
    return (
        Table(
            w["hosts"],
            (w["host"], w["physical_hours"], w["host_given"], w["worked"], w["utilisation"]),
            hosts,
            sources=("host/cores", "host/given", "host/worked"),
        ),
        Table(
            w["flavors"],
            (w["flavor"], w["running"], w["worked"], w["utilisation"]),
            flavors,
            sources=("flavor/running", "flavor/worked"),
        ),
    )


def _who(department: Mapping[str, Any], w: Words) -> Markup:
    shown = render_name(department["name"])
    return (
        shown if department["declared"] else Markup('{} <span class="small soft">({})</span>').format(shown, w["undeclared"])
    )


def _amount(key: str, value: float | None) -> str:
    return number(None if value is None else value / GIB, "GiB") if key.endswith("bytes") else number(value)
