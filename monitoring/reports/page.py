"""Renders an overview as one page that needs nothing beside itself: no script, no picture, no style from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from backup.records import BackupRecord, DrillRecord
from monitoring.objectives import CONTROL_PLANE, Objective
from monitoring.overview import Overview
from monitoring.reports.language import render_name
from monitoring.usage import department_usage
from tenants.writing import write_whole

_RESOURCES = {
    "cores": "cores",
    "memory_bytes": "memory",
    "storage_bytes": "volume space",
    "floating_addresses": "floating addresses",
}
_STEPS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


@dataclass(frozen=True)
class Share:
    """How much of something is taken."""

    name: str
    taken: float
    whole: float
    is_bytes: bool

    @property
    def part(self) -> float:
        """Taken over whole, 0..1 and beyond; 0 where there is nothing to take."""
        return self.taken / self.whole if self.whole else 0.0


@dataclass(frozen=True)
class Recovery:
    """What is on record of one thing that is to be backed up."""

    department: str
    source: str
    name: str
    backup: BackupRecord | None
    drill: DrillRecord | None
    objective: Objective | None

    def point_kept(self, now: datetime) -> bool | None:
        """Tell whether the newest snapshot is as young as was promised; None where nothing was promised."""
        if self.objective is None:
            return None
        return self.backup is not None and now - self.backup.started_at <= self.objective.recovery_point

    def time_kept(self) -> bool | None:
        """Tell whether the last drill was as fast as was promised; None without a drill or a promise."""
        if self.objective is None or self.drill is None:
            return None
        return timedelta(seconds=self.drill.recovery_seconds) <= self.objective.recovery_time


def load_style(name: str) -> str:
    """Give a style sheet of this folder: a page holds it, and needs nothing beside itself."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def build_environment(package: str = "monitoring.reports") -> Environment:
    """Give what renders the pages of a package's folder: everything is escaped, and what is not there is a bug."""
    environment = Environment(
        loader=PackageLoader(package, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "bytes": render_bytes,
        "name": render_name,
        "when": render_instant,
        "duration": render_duration,
        "number": lambda value: "–" if value is None else f"{value:,.0f}",
        "percent": lambda value: "–" if value is None else f"{value:.0%}" if value >= 0.1 or value == 0 else f"{value:.1%}",
    }
    return environment


def render_report(overview: Overview) -> str:
    """Give the page as HTML."""
    return (
        build_environment()
        .get_template("index.html.j2")
        .render(
            o=overview,
            bar=render_bar,
            missing=dict(build_missing(overview)),
            capacity=tuple(build_capacity_shares(overview)),
            usage=department_usage(overview.usage.projects) if overview.usage else {},
            recovery=build_recovery(overview),
            control_plane=CONTROL_PLANE,
            published=overview.published(),
            resources=_RESOURCES,
        )
    )


def write_report(overview: Overview, target: Path) -> None:
    """Write the page; who reads it meanwhile sees the old one or the new one, never half of it."""
    write_whole(target, render_report(overview))


def build_capacity_shares(overview: Overview) -> Iterator[Share]:
    """Give how much of each resource the departments were given."""
    if overview.usage is None:
        return
    capacity = overview.usage.capacity.known()
    departments = department_usage(overview.usage.projects).values()
    for name, words in _RESOURCES.items():
        if name in capacity:
            taken = sum(used.get(name, 0.0) for used in departments)
            yield Share(f"{words} given to departments", taken, capacity[name], name.endswith("bytes"))
    if overview.usage.stored_bytes is not None and "storage_bytes" in capacity:
        yield Share("written in volumes, to 0.01 GiB", overview.usage.stored_bytes, capacity["storage_bytes"], True)


def build_missing(overview: Overview) -> Iterator[tuple[str, str]]:
    """Give what could not be measured and why, with what a figure of the page could be taken for and is not."""
    yield from overview.missing.items()
    if overview.usage:
        yield from overview.usage.untold.items()
    if overview.machines and overview.host_utilisation:
        why = "the lab's machines share the kernel of this computer, which counts the CPU time of everything that runs on it"
        yield "CPU use of the lab's hosts alone", why
    if overview.drills:
        why = "a drill times the restoring of data at the second site; starting servers and services with it comes on top"
        yield "time until a department works again", why


def build_recovery(overview: Overview) -> tuple[Recovery, ...]:
    """Give one row for everything that is promised or on record, the control plane first."""
    promised = {(o.department, o.source, o.name): o for o in overview.objectives}
    items = sorted(
        set(promised) | set(overview.backups) | set(overview.drills), key=lambda item: (item[0] != CONTROL_PLANE, item)
    )
    return tuple(
        Recovery(*item, overview.backups.get(item), overview.drills.get(item), promised.get(item)) for item in items
    )


def render_bar(part: float | None, words: str) -> Markup:
    """Give a horizontal bar as SVG; ``words`` is what a screen reader says."""
    width = 0.0 if part is None else max(0.0, min(1.0, part)) * 200
    grade = "full" if part and part > 0.85 else "used"
    return Markup(
        '<svg class="bar" viewBox="0 0 200 10" role="img" aria-label="{words}" preserveAspectRatio="none">'
        '<title>{words}</title><rect class="room" width="200" height="10" rx="3"/>'
        '<rect class="{grade}" width="{width:.1f}" height="10" rx="3"/></svg>'
    ).format(words=words, grade=grade, width=width)


def render_bytes(value: float | None) -> str:
    """Give an amount of bytes in the unit people use."""
    if value is None:
        return "–"
    amount, step = float(value), 0
    while amount >= 1024 and step < len(_STEPS) - 1:
        amount, step = amount / 1024, step + 1
    return f"{amount:.0f} {_STEPS[step]}" if step == 0 or amount >= 100 else f"{amount:.1f} {_STEPS[step]}"


def render_instant(value: datetime | None) -> str:
    """Give an instant to the minute, in UTC."""
    return "–" if value is None else value.strftime("%Y-%m-%d %H:%M UTC")


def render_duration(value: timedelta | float | None) -> str:
    """Give a duration in the unit that suits it; a number is seconds."""
    if value is None:
        return "–"
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if seconds < 120:
        return f"{seconds:.1f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172800 else f"{seconds / 86400:.0f} d"
