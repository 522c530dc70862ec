"""Asks the stores of series, and keeps each answer with its question as a report holds it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from math import isclose, isfinite
from typing import Any

from monitoring.periods.period import Period
from monitoring.periods.questions import Question
from monitoring.prometheus import Prometheus
from tenants.installation import Installation

PROMETHEUS, YEARS = "Prometheus", "the store for years"
TOLERANCE = 1e-9
"""Two answers to one question differ by no more: sums of the same numbers in another order."""
_TIMEOUT_SECONDS = 120
_AT_ONCE = 4
Answer = dict[str, Any]


def find_stores(installation: Installation) -> dict[str, Prometheus]:
    """Give the installation's stores of series by name, the one with most detail first."""
    found = {PROMETHEUS: Prometheus.of(installation), YEARS: Prometheus.of_years(installation)}
    return {name: store for name, store in found.items() if store}


def ask_fullest(stores: Mapping[str, Prometheus], period: Period, questions: Iterable[Question]) -> dict[str, Answer]:
    """Ask all of the store that holds most of the period, the first of equals; raise PrometheusError."""
    names = list(stores)
    counting = f"count_over_time(max(oneroof_hosts)[{period.seconds}s:{period.step}s])"
    held = []
    for name in names:
        told = stores[name].query(counting, _TIMEOUT_SECONDS, period.end.timestamp() - 1)
        held.append(told[0].value if told else 0.0)
    best = names[held.index(max(held))]
    return ask_all({question.key: (best, question) for question in questions}, stores)


def ask_all(questions: Mapping[str, tuple[str, Question]], stores: Mapping[str, Prometheus]) -> dict[str, Answer]:
    """Ask each question of its store, some side by side; raise PrometheusError where one does not answer."""
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="asking") as pool:
        asked = {key: pool.submit(partial(_ask, stores[name], name, q)) for key, (name, q) in questions.items()}
        return {key: future.result() for key, future in asked.items()}


def question_of(key: str, answer: Answer) -> Question:
    """Give the question that an answer in a report names."""
    return Question(key, answer["query"], answer["at"], answer.get("first"), answer.get("step"))


def is_same(one: Answer, other: Answer) -> bool:
    """Tell whether two answers to one question say the same."""
    mine, theirs = _values(one), _values(other)
    return mine.keys() == theirs.keys() and all(
        isclose(value, theirs[key], rel_tol=TOLERANCE, abs_tol=TOLERANCE) for key, value in mine.items()
    )


def is_empty(answer: Answer) -> bool:
    """Tell whether nothing was stored."""
    return not (answer["points"] if "points" in answer else answer["values"])


def value_of(answer: Answer) -> float | None:
    """Give the one value of an answer without labels, None where nothing was stored."""
    return answer["values"][0]["value"] if answer["values"] else None


def values_by(answer: Answer, label: str) -> dict[str, float]:
    """Give the values of an answer by one label."""
    return {entry["labels"].get(label, ""): entry["value"] for entry in answer["values"]}


def _ask(store: Prometheus, name: str, question: Question) -> Answer:
    if question.first is not None and question.step is not None:
        begin, end = (datetime.fromtimestamp(at, UTC) for at in (question.first, question.at))
        points = store.points(question.query, begin, end, timedelta(seconds=question.step), _TIMEOUT_SECONDS)
        told = [[at, value] for at, value in points if isfinite(value)]
        return {
            "store": name,
            "query": question.query,
            "at": question.at,
            "first": question.first,
            "step": question.step,
            "points": told,
        }
    samples = store.query(question.query, _TIMEOUT_SECONDS, question.at)
    values = [
        {"labels": dict(sorted(sample.labels.items())), "value": sample.value}
        for sample in sorted(samples, key=lambda sample: sorted(sample.labels.items()))
        if isfinite(sample.value)
    ]
    return {"store": name, "query": question.query, "at": question.at, "values": values}


def _values(answer: Answer) -> dict[Any, float]:
    if "points" in answer:
        return dict(answer["points"])
    return {tuple(sorted(entry["labels"].items())): entry["value"] for entry in answer["values"]}
