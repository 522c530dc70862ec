"""Questions asked side by side: answers in the order of the questions, and the first failure is everybody's."""

import threading

import pytest

from infra.provider.side_by_side import ask_all


def test_none_waits_for_another_and_the_answers_are_in_order() -> None:
    met = threading.Barrier(2, timeout=10)

    def ask(name: str) -> str:
        met.wait()  # one alone would wait in vain
        return name

    assert ask_all([lambda: ask("first"), lambda: ask("second")]) == ["first", "second"]
    assert ask_all([]) == []


def test_a_question_that_fails_is_told() -> None:
    def fail() -> int:
        raise ValueError("no answer")

    with pytest.raises(ValueError, match="no answer"):
        ask_all([lambda: 1, fail])
