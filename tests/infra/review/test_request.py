"""Our comment and our labels among those of others."""

from __future__ import annotations

import pytest

from infra.review.request import MARKER, Comment, label_changes, own_comment


def test_a_comment_is_ours_by_its_author_and_its_first_line() -> None:
    forged, quoting, ours = (
        Comment(1, "mallory", f"{MARKER}\nx"), Comment(2, "bot", f"> {MARKER}"), Comment(3, "bot", f"{MARKER}\ny")
    )  # fmt: skip
    assert own_comment((forged, quoting, ours), "bot") == ours
    assert own_comment((forged, quoting), "bot") is None


@pytest.mark.parametrize(
    ("now", "wanted", "add", "remove"),
    [
        ((), {"risk: data"}, ("risk: data",), ()),
        (("bug", "risk: data"), {"risk: data"}, (), ()),
        (("bug", "risk: data", "risk: quota"), set(), (), ("risk: data", "risk: quota")),
        (("risk: quota", "urgent"), {"risk: data"}, ("risk: data",), ("risk: quota",)),
    ],
)
def test_only_our_labels_are_changed(
    now: tuple[str, ...], wanted: set[str], add: tuple[str, ...], remove: tuple[str, ...]
) -> None:
    assert label_changes(now, frozenset(wanted)) == (add, remove)
