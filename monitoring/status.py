"""Shows an overview: as JSON for programs, as tables for people."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from monitoring.overview import Overview
    from monitoring.probe import Answer

_PLACES = ("department", "project", "server", "name", "source", "job", "instance")
_WIDTH = 120  # of what is not a terminal


def build_status(overview: Overview) -> dict[str, Any]:
    """Give the overview as plain values; the names are part of the interface and only ever added to."""
    return {
        "version": 1,
        "at": overview.at.isoformat(timespec="seconds"),
        "home": str(overview.home),
        "cloud": {"name": overview.cloud, "clouds": str(overview.clouds), "endpoints": dict(overview.endpoints)},
        "machines": [{"name": m.name, "site": m.site, "address": m.address, "state": m.state} for m in overview.machines],
        "departments": [_department(overview, name) for name in overview.department_names()],
        "control_plane": _recovery(overview, "control-plane"),
        "prometheus": overview.prometheus,
        "alerts": [dict(labels) for labels in overview.alerts],
        "reports": [str(path) for path in sorted((overview.home / "reports").glob("*.html"))],
        "missing": dict(overview.missing),
    }


def _department(overview: Overview, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "local_name": overview.local_name(name),
        "projects": [
            {
                "name": project.project,
                "quota": project.quota.known(),
                "usage": project.usage.known(),
                "servers": [
                    {
                        "name": server.name,
                        "status": server.status,
                        "floating_addresses": list(server.addresses),
                        "probe": _probe(overview.answer(name, project.project, server.name)),
                    }
                    for server in overview.servers(name, project.project)
                ],
            }
            for project in overview.projects(name)
        ],
        **_recovery(overview, name),
    }


def _probe(answer: Answer | None) -> dict[str, Any] | None:
    if answer is None:
        return None
    return {
        "url": answer.probe.url,
        "good": answer.good,
        "status": answer.status,
        "seconds": round(answer.seconds, 3),
        "at": answer.at.isoformat(timespec="seconds"),
        "reason": answer.reason,
    }


def _recovery(overview: Overview, department: str) -> dict[str, Any]:
    backup, drill = overview.last_backup(department), overview.last_drill(department)
    return {
        "last_backup": backup
        and {
            "source": str(backup.source),
            "name": backup.name,
            "data_of": backup.started_at.isoformat(timespec="seconds"),
            "bytes": backup.bytes,
            "outcome": str(backup.outcome),
        },
        "last_drill": drill
        and {
            "source": str(drill.source),
            "name": drill.name,
            "ended_at": drill.ended_at.isoformat(timespec="seconds"),
            "recovery_seconds": drill.recovery_seconds,
            "restored_bytes": drill.restored_bytes,
            "identical": drill.identical,
        },
    }


def print_status(overview: Overview) -> None:
    """Print tables on standard output."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = build_console()
    console.print(f"[bold]{overview.cloud}[/] {overview.endpoints.get('identity', 'no endpoint')}", highlight=False)
    console.print(f"clouds.yaml  {overview.clouds}", highlight=False, soft_wrap=True)
    console.print(f"prometheus   {overview.prometheus or '–'}", highlight=False)
    for machine in overview.machines:
        style = "green" if machine.state == "running" else "red"
        console.print(
            Text.assemble("machine      ", f"{machine.name} {machine.address} ", (machine.state, style)), highlight=False
        )
    table = Table("department", "server", "address", "answers", "backup", "drill", box=None, pad_edge=False)
    for name in overview.department_names():
        backup, drill = overview.last_backup(name), overview.last_drill(name)
        recovery = (
            _ago(backup.started_at, overview.at) if backup else "–",
            Text("–")
            if drill is None
            else Text(
                f"{'identical' if drill.identical else 'DIFFERENT'}, {drill.recovery_seconds:.1f} s",
                "green" if drill.identical else "red",
            ),
        )
        first = True
        for server in overview.servers(name) or (None,):
            answer = server and overview.answer(name, server.project, server.name)
            table.add_row(
                name if first else "",
                f"{server.project}/{server.name}" if server else "–",
                ", ".join(server.addresses) or "–" if server else "–",
                _said(answer) if answer else Text("–"),
                *(recovery if first else ("", "")),
            )
            first = False
    console.print(table)
    for labels in overview.alerts:
        where = " ".join(labels[key] for key in _PLACES if key in labels)
        console.print(Text.assemble(("alert        ", "red"), f"{labels.get('alertname')} {where}"))
    talk = Console(stderr=True)
    for what, why in overview.missing.items():
        talk.print(f"not known: {what}: {why}", style="yellow", highlight=False, markup=False, soft_wrap=True)


def build_console() -> Console:
    """Give standard output: as wide as the terminal, and wide enough for the tables where it is a file."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=_WIDTH)


def _said(answer: Answer) -> Any:
    from rich.text import Text

    if answer.good:
        return Text(f"yes, {answer.seconds * 1000:.0f} ms", "green")
    return Text(answer.reason, "red")


def _ago(then: datetime, now: datetime) -> str:
    minutes = int((now - then).total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 2880 else f"{minutes // 1440} d ago"
