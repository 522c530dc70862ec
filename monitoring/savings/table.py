"""Prints what is saved, with what it rests on."""

from __future__ import annotations

from monitoring.savings.model import IDLE, PLATFORM, Savings


def print_savings(savings: Savings) -> None:
    """Print a table on standard output, and below it what the figures do not cover."""
    from rich.table import Table

    from monitoring.status import build_console

    console = build_console()
    table = Table(box=None, pad_edge=False)
    for title, side in (
        ("department", "left"),
        ("servers before", "right"),
        ("switched off", "right"),
        ("used before", "right"),
        ("hosts now", "right"),
        ("kWh/year saved", "right"),
        ("avoided cost/year", "right"),
        ("saving/year", "right"),
    ):
        table.add_column(title, justify="right" if side == "right" else "left")
    for d in savings.departments:
        used = "–" if d.utilisation_before is None else f"{d.utilisation_before:.0%}"
        table.add_row(
            d.department,
            str(d.servers_before),
            str(d.servers_retired),
            used,
            f"{d.hosts:.2f}",
            amount(d.energy_saved),
            amount(d.avoided_cost),
            amount(d.saving),
        )
    for name, hosts, cost in (
        (IDLE, savings.idle_hosts, savings.idle),
        (PLATFORM, savings.platform.hosts if savings.platform else None, savings.platform),
    ):
        values = (cost.energy, cost.cost, cost.cash) if cost else (None, None, None)
        table.add_row(name, "", "", "", "–" if hosts is None else f"{hosts:.2f}", *(amount(negative(v)) for v in values))
    table.add_row(
        "total",
        "",
        "",
        "",
        f"{savings.hosts:g}",
        amount(savings.energy_saved),
        amount(savings.avoided_cost),
        amount(savings.saving),
        style="bold",
    )
    console.print(table)
    console.print(
        "money in yuan; "
        f"baseline covers {savings.coverage:.0%} of the departments; {savings.measured:.0%} of its servers were measured",
        highlight=False,
    )
    if savings.example:
        console.print("example: the survey or the prices are samples and describe no real machine room", highlight=False)
    for sentence in savings.missing:
        console.print(f"not counted: {sentence}", highlight=False)


def amount(value: float | None) -> str:
    """Give a number in whole units, or a dash where there is none."""
    return "–" if value is None else f"{value:,.0f}"


def negative(value: float | None) -> float | None:
    """Give a cost as the amount it takes away."""
    return None if value is None else -value
