"""What lets a reader hold a report against its stores: what was not measured, and the questions asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from markupsafe import Markup

from monitoring.periods.shown.section import Section, Table, Told, Words, moment, percent


def show_holes(
    told: Told, holes: Mapping[str, Sequence[Mapping[str, str]]], w: Words, sources: Mapping[str, float]
) -> Iterator[Section]:
    """Give what was not measured: holes by kind, sources read only a part of the time, questions without answer."""
    rows = [(w[f"holes_{kind}"], moment(h["first"]), moment(h["end"])) for kind, found in holes.items() for h in found]
    whole = max(sources.values(), default=0.0)
    shown = [(name, percent(share)) for name, share in sources.items() if "/" not in name or share < whole]
    empty = [key for key, answer in told["answers"].items() if not answer.get("points", answer.get("values"))]
    notes = [] if rows else [w["no_holes"]]
    notes += [f"{w['lacking']}: {', '.join(sorted(empty))}."] if empty else []
    tables = [Table(w["holes"], (w["hole_of"], w["from"], w["until"]), rows, frozenset({0, 1, 2}))] if rows else []
    tables += [Table(w["sources"], (w["source"], w["measured_share"]), shown, sources=("sources",))] if shown else []
    yield Section("holes", w["holes"], notes, tables)


def show_questions(told: Told, w: Words) -> Iterator[Section]:
    """Give every question with its key, to which the figures above lead."""
    rows = [
        (
            Markup('<span id="q-{}">{}</span>').format(key, key),
            answer["store"],
            Markup("<code>{}</code>").format(answer["query"]),
            f"{datetime.fromtimestamp(answer['at'], UTC):%Y-%m-%dT%H:%M:%SZ}",
        )
        for key, answer in told["answers"].items()
    ]
    table = Table(w["questions"], (w["key"], w["store"], w["query"], w["of_moment"]), rows, frozenset(range(4)))
    yield Section("questions", w["questions"], (w["questions_text"],), (table,))
