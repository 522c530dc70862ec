"""Plots as SVG without script: lines over time with gaps where nothing was stored, and bars; axes have their units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, floor, log10

from markupsafe import Markup

WIDTH, HEIGHT = 880, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 26, 30
_DASHES = ("", "7 4", "2 3", "10 3 2 3")
"""Lines differ in their dashes too: a plot is read in print and by who sees no colours."""
_SPANS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 30, 60, 180, 360, 720, 1440, 2880, 10080, 20160, 43200, 129600))


_TEXT = Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>')
_UNIT = Markup('<text class="unit" x="{}" y="14" text-anchor="{}">{}</text>')
_TICK = Markup('<line class="tick" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>')
_GRID = Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>')
_DRAWN = Markup('<polyline class="l{}" stroke-dasharray="{}" points="{}"/>')
_DOT = Markup('<circle class="dot l{}" cx="{:.1f}" cy="{:.1f}" r="2"/>')
_BAR = Markup('<rect class="b" x="{:.1f}" y="{}" width="{:.1f}" height="14" rx="2"/>')
_SAMPLE = Markup('<line class="l{}" stroke-dasharray="{}" x1="{}" x2="{}" y1="10" y2="10"/>')
_FRAME = Markup('<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>{}</svg>')


@dataclass(frozen=True)
class Line:
    """One line: its name and its points in Unix time."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Bar:
    """One bar from ``first`` to ``last``, with the text at its end."""

    name: str
    first: float
    last: float
    text: str


def plot_lines(
    lines: Sequence[Line], unit: str, step: float, first: float, end: float, words: str, most: float = 0.0
) -> Markup:
    """Give lines over time; ``words`` is what a screen reader says, ``most`` the least that the axis reaches up to."""
    top = _nice(max([most, *(value for line in lines for _, value in line.points)]) or 1.0)

    def x(at: float) -> float:
        return _LEFT + (at - first) / max(end - first, 1) * (WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return HEIGHT - _BOTTOM - value / top * (HEIGHT - _TOP - _BOTTOM)

    parts = [*_legend([line.name for line in lines]), _UNIT.format(0, "start", unit)]
    for number in range(5):
        value = top * number / 4
        parts.append(_GRID.format(_LEFT, WIDTH - _RIGHT, y(value), y(value)))
        parts.append(_TEXT.format(_LEFT - 8, y(value) + 4, "end", f"{value:.3g}"))
    for at, shown in _moments(first, end):
        parts.append(_TICK.format(x(at), HEIGHT - _BOTTOM, HEIGHT - _BOTTOM + 4))
        parts.append(_TEXT.format(x(at), HEIGHT - 10, "middle", shown))
    for number, line in enumerate(lines):
        for run in _runs(line.points, step):
            if len(run) == 1:
                parts.append(_DOT.format(number, x(run[0][0]), y(run[0][1])))
                continue
            way = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in run)
            parts.append(_DRAWN.format(number, _DASHES[number % len(_DASHES)], way))
    return _framed(parts, HEIGHT, words)


def plot_bars(bars: Sequence[Bar], unit: str, words: str) -> Markup:
    """Give bars from the left of an axis that has a zero; ``words`` is what a screen reader says."""
    left, row, right = 260, 24, 150
    low = min([0.0, *(min(bar.first, bar.last) for bar in bars)])
    high = max([0.0, *(max(bar.first, bar.last) for bar in bars)])
    if high == low:
        high = low + 1

    def x(value: float) -> float:
        return left + (value - low) / (high - low) * (WIDTH - left - right)

    height = _TOP + row * len(bars) + 8
    parts = [_UNIT.format(left, "start", unit), _TICK.format(x(0), _TOP - 4, height)]
    for number, bar in enumerate(bars):
        at, (begin, until) = _TOP + row * number, sorted((x(bar.first), x(bar.last)))
        width = max(until - begin, 1.0)
        parts.append(_TEXT.format(left - 8, at + 12, "end", _fitting(bar.name, left - 16)))
        parts.append(_BAR.format(begin, at + 1, width))
        parts.append(_TEXT.format(begin + width + 6, at + 12, "start", bar.text))
    return _framed(parts, height, words)


def _framed(parts: Iterable[Markup], height: int, words: str) -> Markup:
    return _FRAME.format(WIDTH, height, words, words, Markup("").join(parts))


def _legend(names: Sequence[str]) -> Iterator[Markup]:
    at = _LEFT + 90
    for number, name in enumerate(names):
        yield _SAMPLE.format(number, _DASHES[number % len(_DASHES)], at, at + 26)
        yield _TEXT.format(at + 32, 14, "start", name)
        at += 60 + _length(name)


def _fitting(name: str, room: float) -> str:
    """Give as much of a name as there is room for; the table has all of it."""
    if _length(name) <= room:
        return name
    kept = next(end for end in range(len(name), -1, -1) if _length(name[:end]) <= room - 12)
    return f"{name[:kept].rstrip()}…"


def _length(name: str) -> int:
    return sum(12 if ord(character) > 0x2E7F else 7 for character in name)


def _runs(points: Iterable[tuple[float, float]], step: float) -> Iterator[list[tuple[float, float]]]:
    """Give the points between gaps: a line is not drawn over a time of which nothing is stored."""
    run: list[tuple[float, float]] = []
    for at, value in points:
        if run and at - run[-1][0] > 1.5 * step:
            yield run
            run = []
        run.append((at, value))
    if run:
        yield run


def _nice(value: float) -> float:
    """Give the next of 1, 2, 4, 5, 8, 10 times a power of ten."""
    power = 10.0 ** floor(log10(value))
    return next(power * step for step in (1, 2, 4, 5, 8, 10) if power * step >= value * 0.999999)


def _moments(first: float, end: float) -> Iterator[tuple[float, str]]:
    span = next((s for s in _SPANS if (end - first) / s.total_seconds() <= 10), timedelta(days=365)).total_seconds()
    form = "%H:%M" if span < 86400 else "%m-%d" if span < 129600 * 60 else "%Y-%m"
    for number in range(ceil(first / span), floor(end / span) + 1):
        moment = datetime.fromtimestamp(number * span, UTC)
        yield number * span, f"{moment:%m-%d}" if span < 86400 and moment.hour == moment.minute == 0 else f"{moment:{form}}"
