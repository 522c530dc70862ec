"""A report as one JSON value: its period, its inputs, every question with its answer, and the figures derived from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from monitoring.periods.asking import Answer, ask_all, ask_fullest, is_empty, is_same, question_of
from monitoring.periods.department import derive_department, list_prices
from monitoring.periods.period import Period
from monitoring.periods.questions import (
    Question,
    cloud_questions,
    kinds_questions,
    platform_questions,
    price_questions,
    usage_questions,
)
from monitoring.periods.savings import derive_savings
from monitoring.periods.usage import derive_utilisation
from monitoring.prometheus import Prometheus
from monitoring.savings.survey import BASELINE_FILE, load_baseline
from monitoring.showback.prices import PRICES_FILE, load_prices
from tenants.assumptions.model import ASSUMPTIONS_FILE, load_assumptions
from tenants.installation import repository

VERSION = 1
DERIVE: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "utilisation": derive_utilisation,
    "savings": derive_savings,
    "department": derive_department,
}
"""Kind of report to what gives its figures; each is pure."""
Stores = Mapping[str, Prometheus]


def make_utilisation(stores: Stores, period: Period, names: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Ask, and give the utilisation report; raise PrometheusError."""
    return _make("utilisation", stores, period, {"names": dict(names)}, now)


def make_savings(stores: Stores, period: Period, names: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Ask, and give the savings report; raise PrometheusError, or UserError for a survey with mistakes."""
    files = {key: _read_input(key, period) for key in ("baseline", "assumptions")}
    return _make("savings", stores, period, {"names": dict(names), **files}, now)


def make_department(stores: Stores, period: Period, department: str, name: str, now: datetime) -> dict[str, Any]:
    """Ask, and give one department's report, with nothing of any other; raise PrometheusError."""
    inputs = {
        "names": {department: name},
        "department": department,
        "price_book": _read_input("price_book", period),
        "example": load_prices().is_example,
    }
    return _make("department", stores, period, inputs, now)


def derive_again(told: Mapping[str, Any]) -> list[str]:
    """Give a sentence for each figure of a report that does not follow from its answers and inputs."""
    derived = _as_json(DERIVE[told["report"]](told))
    return [
        f"{where}: the report says {_short(said)}, its answers give {_short(found)}"
        for where, said, found in _differences("figures", told["figures"], derived)
    ]


def ask_again(told: Mapping[str, Any], stores: Stores) -> tuple[list[str], list[str]]:
    """Put every question of a report to its store; give what answers otherwise now, and what could not be asked."""
    answers: Mapping[str, Answer] = told["answers"]
    gone = sorted({a["store"] for a in answers.values()} - set(stores))
    unseen = [f"answers of {name}: this installation has no such store" for name in gone]
    questions: dict[str, tuple[str, Question]] = {
        key: (answer["store"], question_of(key, answer)) for key, answer in answers.items() if answer["store"] in stores
    }
    wrong = []
    for key, again in ask_all(questions, stores).items():
        if is_same(answers[key], again):
            continue
        if is_empty(again):
            unseen.append(f"answers.{key}: {answers[key]['store']} keeps nothing of that time any more")
        else:
            wrong.append(f"answers.{key}: it is not what {answers[key]['store']} answers to `{answers[key]['query']}`")
    return wrong, unseen


def check_questions(told: Mapping[str, Any]) -> list[str]:
    """Give a sentence for each question of a report that is not the one its kind asks of its period."""
    asked = _questions(told["report"], _period_of(told), told["inputs"])
    expected = {question.key: question for question in asked}
    answers: Mapping[str, Answer] = told["answers"]
    wrong = [f"answers.{key}: the report lacks it" for key in sorted(expected.keys() - answers.keys())]
    wrong += [f"answers.{key}: no such report asks that" for key in sorted(answers.keys() - expected.keys())]
    return wrong + [
        f"answers.{key}: the question is not the one that this report asks of its period"
        for key, question in expected.items()
        if key in answers and question_of(key, answers[key]) != question
    ]


def check_files(told: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Hold a report's survey, assumptions and prices against this checkout's; give what differs, and what is not here."""
    wrong, unseen = [], []
    for key in _FILES.keys() & told["inputs"].keys():
        said, here = told["inputs"][key], _read_input(key, _period_of(told))
        if here["sha256"] != said["sha256"]:
            unseen.append(
                f"inputs.{key}: {said['file']} is another one here, look for the one with the sum the report tells"
            )
        elif _as_json(here) != said:
            wrong.append(f"inputs.{key}: it is not what {said['file']} says")
    return wrong, unseen


_FILES: Mapping[str, tuple[Path, Callable[[Period], Any]]] = {
    "baseline": (BASELINE_FILE, lambda _: load_baseline().model_dump(mode="json")),
    "assumptions": (ASSUMPTIONS_FILE, lambda _: load_assumptions().model_dump(mode="json")),
    "price_book": (PRICES_FILE, lambda period: list_prices(load_prices(), period)),
}


def _read_input(key: str, period: Period) -> dict[str, Any]:
    file, read = _FILES[key]
    name = file.relative_to(repository()).as_posix()
    return {"file": name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "content": read(period)}


def _period_of(told: Mapping[str, Any]) -> Period:
    first, end = (datetime.fromisoformat(told["period"][edge]) for edge in ("first", "end"))
    return Period(first, end, told["period"]["over"])


def _questions(kind: str, period: Period, inputs: Mapping[str, Any]) -> Iterator[Question]:
    if kind == "department":
        prices = inputs["price_book"]["content"]
        spans = [(p["item"], datetime.fromisoformat(p["first"]), datetime.fromisoformat(p["end"])) for p in prices]
        return chain(usage_questions(period, inputs["department"]), price_questions(period, spans, inputs["department"]))
    last = kinds_questions if kind == "utilisation" else platform_questions
    return chain(usage_questions(period), cloud_questions(period), last(period))


def _make(kind: str, stores: Stores, period: Period, inputs: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    told = {
        "report": kind,
        "version": VERSION,
        "made_at": now.isoformat(timespec="seconds"),
        "period": {
            "first": period.first.isoformat(),
            "end": period.end.isoformat(),
            "over": period.over,
            "seconds": period.seconds,
            "step": period.step,
        },
        "inputs": inputs,
        "answers": ask_fullest(stores, period, _questions(kind, period, inputs)),
    }
    # to JSON and back: what is written is what anybody else derives from
    told = _as_json(told)
    whole: dict[str, Any] = told | {"figures": _as_json(DERIVE[kind](told))}
    return whole


def _as_json(value: Any) -> Any:  # any tree of values
    return json.loads(json.dumps(value, ensure_ascii=False))


def _differences(where: str, said: Any, found: Any) -> Iterator[tuple[str, Any, Any]]:  # any tree of values
    if isinstance(said, dict) and isinstance(found, dict):
        for key in sorted(said.keys() | found.keys()):
            yield from _differences(f"{where}.{key}", said.get(key), found.get(key))
    elif isinstance(said, list) and isinstance(found, list) and len(said) == len(found):
        for number, (one, other) in enumerate(zip(said, found, strict=True)):
            yield from _differences(f"{where}[{number}]", one, other)
    elif said != found:
        yield where, said, found


def _short(value: Any) -> str:  # any tree of values
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
