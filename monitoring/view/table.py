"""Prints one department's view as tables."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from monitoring.reports.page import render_bytes, render_duration, render_instant
from monitoring.view.model import IN_BYTES, Kept, Use, View

if TYPE_CHECKING:
    from rich.console import Console

_BAR = 20


def print_view(view: View) -> None:
    """Print the view on standard output, and what is not known on standard error."""
    from rich.console import Console

    from monitoring.status import build_console

    console = build_console()
    by = "with the department's own account" if view.token else "by operations"
    console.print(f"[bold]{view.department}[/] {_plain(view.local_name)}", highlight=False)
    console.print(f"read {render_instant(view.at)} {by}", highlight=False)
    _print_servers(view, console)
    _print_data(view, console)
    _print_uses(view, console)
    _print_costs(view, console)
    _print_shares(view, console)
    _print_recovery(view, console)
    for alert in view.alerts:
        console.print(f"[red]alert[/]        {_plain(alert)}", highlight=False)
    talk = Console(stderr=True)
    for what, why in view.missing.items():
        talk.print(f"not known: {what}: {why}", style="yellow", highlight=False, markup=False, soft_wrap=True)


def render_bar(part: float | None) -> str:
    """Give a bar of twenty places, or nothing where there is no limit."""
    if part is None:
        return ""
    full = max(0, min(_BAR, round(part * _BAR)))
    return "█" * full + "░" * (_BAR - full)


def _print_servers(view: View, console: Console) -> None:
    table = _table("server", "state", "size", "inside", "outside", "answers")
    for project, server in view.servers:
        said = server.answer
        _add(
            table,
            f"{project}/{server.name}",
            server.status or "–",
            server.flavor or "–",
            ", ".join(server.fixed_addresses) or "–",
            ", ".join(server.floating_addresses) or "–",
            _mark(said.good, f"yes, {said.seconds * 1000:.0f} ms", said.reason) if said else "not asked",
        )
    _show(console, table)


def _print_data(view: View, console: Console) -> None:
    table = _table("data", "name", "size", "recovery", "attached to")
    for project in view.projects:
        for volume in project.volumes:
            size, tier = f"{volume.size_gib} GiB", volume.recovery or "–"
            _add(table, "volume", f"{project.name}/{volume.name}", size, tier, volume.server or "–")
        for each in project.containers:
            size = "–" if each.bytes is None else f"{render_bytes(each.bytes)} in {each.objects}"
            _add(table, "container", f"{project.name}/{each.name}", size, each.recovery or "–", "–")
    _show(console, table)


def _print_uses(view: View, console: Console) -> None:
    table = _table("project", "quota", "", "taken", "of")
    for project in view.projects:
        for number, use in enumerate(project.uses):
            name = project.name if number == 0 else ""
            _add(table, name, use.resource, render_bar(use.part), _amount(use, use.used), _amount(use, use.limit))
    _show(console, table)
    if view.utilisation is not None:
        console.print(f"\nCPU time used of the cores given: {view.utilisation:.1%}, mean of 10 min", highlight=False)


def _print_costs(view: View, console: Console) -> None:
    costs = view.costs
    if costs is None:
        return
    sample = " (sample prices: nobody is charged by them)" if costs.example else ""
    told = [
        f"{costs.hosts:.2f} hosts",
        *([f"{costs.energy_now:,.0f} kWh"] if costs.energy_now is not None else []),
        *([f"{costs.cost_now:,.0f} yuan"] if costs.cost_now is not None else []),
        *([f"of which {costs.cash_now:,.0f} paid every year"] if costs.cash_now is not None else []),
    ]
    console.print(f"\ncosts a year {', '.join(told)}{sample}", highlight=False)


def _print_shares(view: View, console: Console) -> None:
    table = _table("shared", "project", "what", "name", "rights")
    for project in view.projects:
        for share in project.shares or ():
            _add(table, share.direction, project.name, share.kind, share.name, share.rights)
    _show(console, table)
    table = _table("agreed", "of", "with", "may", "for", "until", "state")
    for each in view.agreed or ():
        what = f"{each.kind} {each.place}"
        _add(table, what, each.owner, each.grantee, each.access, each.purpose, str(each.last_day), each.detail)
    _show(console, table)


def _print_recovery(view: View, console: Console) -> None:
    at = view.published_at
    if at is None:
        return
    table = _table("backed up", "tier", "newest good backup", "data", "last restored", "data back after")
    for kept in view.recovery:
        _add(
            table,
            f"{kept.source} {kept.name}",
            kept.tier or "–",
            _backup(kept, at),
            render_bytes(kept.bytes),
            _drill(kept, at),
            render_duration(kept.recovery_seconds),
        )
    _show(console, table)
    if view.recovery and view.repository:
        where = f" on {', '.join(view.vaults)}" if view.vaults else ""
        console.print(f"repository   {view.repository[:8]} at the second site{where}", highlight=False)


def _backup(kept: Kept, at: datetime) -> Any:
    good, promised = kept.point_kept(at), render_duration(kept.recovery_point)
    if kept.data_of is None:
        return "none" if good is None else _mark(good, "", f"none; at most {promised} old is promised")
    said = f"{render_instant(kept.data_of)} {kept.outcome}"
    return said if good is None else _mark(good, said, f"{said}; at most {promised} old is promised")


def _drill(kept: Kept, at: datetime) -> Any:
    if kept.restored_at is None:
        return "never"
    said = f"{render_instant(kept.restored_at)} {'identical' if kept.identical else kept.reason or 'DIFFERENT'}"
    return said if (good := kept.drill_kept(at)) is None else _mark(good, said, said)


def _amount(use: Use, value: float | None) -> str:
    if value is None:
        return "–"
    return render_bytes(value) if use.resource in IN_BYTES else f"{value:,.0f}"


def _mark(good: bool, yes: str, no: str) -> Any:
    from rich.text import Text

    return Text(yes, "green") if good else Text(no, "red")


def _table(*heads: str) -> Any:
    from rich.table import Table

    return Table(*heads, box=None, pad_edge=False)


def _add(table: Any, *cells: Any) -> None:
    """Add a row in which names are taken as they are, not as markup."""
    from rich.text import Text

    table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells))


def _show(console: Console, table: Any) -> None:
    if table.rows:
        console.print()
        console.print(table)


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
