"""A baseline with mistakes is refused with a sentence for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitoring.savings.survey import load_baseline
from tenants.declaration.load import load_departments
from tenants.problem import UserError


def test_the_committed_file_is_right_and_says_that_it_is_an_example() -> None:
    assert load_baseline().is_example


def test_the_committed_baseline_covers_the_declared_departments() -> None:
    assert set(load_baseline().departments) == {department.slug for department in load_departments()}


def test_mistakes_are_named(tmp_path: Path) -> None:
    file = tmp_path / "baseline.yaml"
    file.write_text(
        "version: 1\nsources: {}\ndepartments:\n  health: {rooms: {value: -1, source: none}, pue: 2, groups: []}\n"
    )
    with pytest.raises(UserError) as caught:
        load_baseline(file)
    sentences = [problem.what for problem in caught.value.problems]
    assert any(sentence.startswith("departments.health.groups") for sentence in sentences)
    assert any(sentence.startswith("departments.health.pue") for sentence in sentences)
    assert any(sentence.startswith("departments.health.rooms.value") for sentence in sentences)


@pytest.mark.parametrize(("text", "sentence"), [("a: [", "this is no YAML"), (None, "the file does not exist")])
def test_no_yaml_and_no_file(tmp_path: Path, text: str | None, sentence: str) -> None:
    file = tmp_path / "baseline.yaml"
    if text:
        file.write_text(text)
    with pytest.raises(UserError, match=sentence):
        load_baseline(file)
