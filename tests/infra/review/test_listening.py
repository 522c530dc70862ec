"""Which messages count, and what is taken from them."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
from datetime import timedelta
from typing import Any

import pytest

from infra.review.listening import heard, is_genuine, parse_number

BODY, SECRET = b'{"pull_request": {"number": 7}}', "a secret of ours"
SIGNED = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("headers", "genuine"),
    [
        ({"X-Gitea-Signature": SIGNED}, True),
        ({"X-Forgejo-Signature": SIGNED}, True),
        ({"x-hub-signature-256": f"sha256={SIGNED}"}, True),
        ({"X-Gitlab-Token": SECRET}, True),
        ({}, False),
        ({"X-Gitea-Signature": ""}, False),
        ({"X-Gitea-Signature": SIGNED.upper()}, False),
        ({"X-Gitea-Signature": SIGNED[:-1]}, False),
        ({"X-Hub-Signature-256": SIGNED}, False),
        ({"X-Gitlab-Token": SIGNED}, False),
        ({"X-Hub-Signature": "sha1=" + hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest()}, False),
    ],
)
def test_only_the_secret_makes_a_message_count(headers: dict[str, str], genuine: bool) -> None:
    assert is_genuine(headers, BODY, SECRET) is genuine
    assert not is_genuine(headers, BODY + b" ", "another")


@pytest.mark.parametrize(
    ("told", "number"),
    [
        ({"action": "opened", "number": 3, "pull_request": {"number": 7}}, 7),
        ({"object_kind": "merge_request", "object_attributes": {"id": 1, "iid": 9}}, 9),
        ({"pull_request": {"number": "7; id"}}, None),
        ({"pull_request": {"number": True}}, None),
        ({"pull_request": {"number": -1}}, None),
        ({"pull_request": "x"}, None),
        ({"object_kind": "note", "object_attributes": {"iid": 9}}, None),
        ([], None),
        ("x", None),
    ],
)
def test_a_number_is_all_that_is_taken(told: Any, number: int | None) -> None:
    assert parse_number(json.dumps(told).encode()) == number


def test_what_is_not_json_is_about_nothing() -> None:
    assert parse_number(b"\xff{") is None


def test_numbers_that_wait_are_taken_together_and_silence_means_everything() -> None:
    waiting: queue.Queue[int] = queue.Queue()
    events = heard(waiting, timedelta(milliseconds=1))
    assert next(events) == frozenset()
    for number in (7, 8, 7):
        waiting.put(number)
    assert next(events) == {7, 8}
    assert next(events) == frozenset()
