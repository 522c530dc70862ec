"""The savings report's sections."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from monitoring.periods.plots import Bar, plot_bars
from monitoring.periods.shown.section import MOST_BARS, Section, Table, Told, Words, number, percent
from monitoring.reports.language import render_name
from monitoring.savings.sensitivity import OUTCOMES

_OF_SAVINGS = (
    "given/cores",
    "given/memory_bytes",
    "given/storage_bytes",
    "capacity/cores",
    "capacity/memory_bytes",
    "capacity/storage_bytes",
    "hosts",
    "processor/mean",
    "platform/hosts",
    "platform/processor",
)


def show_savings(told: Told, w: Words) -> Iterator[Section]:
    """Give totals with their ranges, departments, what the totals depend on, and what could not be computed."""
    figures, inputs = told["figures"], told["inputs"]
    savings = figures["savings"]
    if savings is None:
        yield Section("total", w["total"], figures["missing"])
        return
    notes = [w["year_note"], *([w["example_note"]] if savings["example"] else [])]
    totals = [
        (
            w[name],
            *(number(spread[end]) if spread else "–" for end in ("low", "value", "high")),
            number(figures["in_period"][name]),
        )
        for name, spread in figures["ranges"].items()
    ]
    use = figures["utilisation"]
    others = [
        (w["racks"], number(savings["racks"])),
        (w["consolidation"], number(savings["consolidation"])),
        (w["before"], percent(use["before"])),
        (w["after"], percent(use["after"])),
        (w["after_hosts"], percent(use["hosts"])),
        (w["coverage"], percent(savings["coverage"])),
        (w["survey_measured"], percent(savings["measured"])),
    ]
    yield Section(
        "total",
        w["total"],
        notes,
        (
            Table(w["total"], (w["figure"], w["low"], w["value"], w["high"], w["in_period"]), totals, sources=_OF_SAVINGS),
            Table(w["others"], (w["figure"], w["value"]), others, sources=("running", "worked", "processor/mean")),
            Table(
                w["migration"],
                (w["figure"], w["value"]),
                [(w[key], number(count)) for key, count in figures["migration"].items()],
            ),
        ),
    )
    yield Section("departments", w["departments"], (), (_savings_table(told, w),))
    effects = [e for e in figures["effects"] if e["outcome"] == "energy_saved" and (e["at_low"] or e["at_high"])]
    bars = [
        Bar(e["kind"], e["at_low"], e["at_high"], f"{number(e['at_low'])} … {number(e['at_high'])}")
        for e in effects[:MOST_BARS]
    ]
    rows = [
        (Markup("<code>{}</code>").format(e["kind"]), w[e["outcome"]], number(e["at_low"]), number(e["at_high"]))
        for name in OUTCOMES
        for e in figures["effects"]
        if e["outcome"] == name and (e["at_low"] or e["at_high"])
    ]
    yield Section(
        "sensitivity",
        w["sensitivity"],
        (w["sensitivity_text"],),
        (Table(w["sensitivity"], (w["kind"], w["figure"], w["at_low"], w["at_high"]), rows, frozenset({0, 1})),),
        ((w["effect_plot"], plot_bars(bars, "kWh", w["effect_plot"])),),
    )
    if figures["missing"]:
        yield Section("missing", w["missing"], figures["missing"])
    files = [(inputs[key]["file"], inputs[key]["sha256"]) for key in ("baseline", "assumptions")]
    yield Section("inputs", w["inputs"], (), (Table(w["inputs"], (w["file"], "SHA-256"), files, frozenset({0, 1})),))


def _savings_table(told: Told, w: Words) -> Table:
    savings, used = told["figures"]["savings"], told["figures"]["utilisation"]["departments"]
    rows: list[tuple[str | Markup, ...]] = [
        (
            render_name(told["inputs"]["names"].get(d["department"], d["department"])),
            number(d["servers_before"]) if d["surveyed"] else "–",
            number(d["servers_retired"]) if d["surveyed"] else "–",
            percent(d["utilisation_before"]),
            percent(used.get(d["department"])),
            number(d["hosts"]),
            *(number(d[name]) for name in ("energy_saved", "avoided_cost", "saving")),
        )
        for d in savings["departments"]
        if d["surveyed"] or d["hosts"]
    ]
    for key, hosts, cost in (
        ("idle", savings["idle_hosts"], savings["idle"]),
        ("platform", (savings["platform"] or {}).get("hosts"), savings["platform"]),
    ):
        taken = [-cost[name] for name in ("energy", "cost", "cash")] if cost else [None] * 3
        rows.append((w[key], "", "", "", "", number(hosts), *(number(value) for value in taken)))
    total = [savings[name] for name in ("energy_saved", "avoided_cost", "saving")]
    rows.append((w["all"], "", "", "", "", "", *(number(value) for value in total)))
    columns = (
        "department",
        "servers_before",
        "switched",
        "used_before",
        "used_now",
        "hosts_now",
        "energy_saved",
        "avoided_cost",
        "saving",
    )
    return Table(w["departments"], [w[c] for c in columns], rows, last_is_total=True, sources=_OF_SAVINGS)
