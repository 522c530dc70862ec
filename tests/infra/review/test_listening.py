"""Which messages count, and what is taken from them."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from authority import Authority

from infra.review import listening
from infra.review.listening import MOST_AT_ONCE, Heard, is_genuine, listen, parse_number
from tenants.problem import UserError

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
    waiting = Heard(timedelta(milliseconds=50))
    events = iter(waiting)
    assert next(events) == frozenset()
    for number in (7, 8, 7):
        waiting.add(number)
    assert next(events) == {7, 8}
    assert next(events) == frozenset()


def test_everything_is_looked_at_however_much_is_heard() -> None:
    waiting = Heard(timedelta(milliseconds=50))
    events = iter(waiting)
    assert next(events) == frozenset()
    until = time.monotonic() + 5
    while True:
        waiting.add(7)
        if (numbers := next(events)) == frozenset():
            break
        assert numbers == {7}
        assert time.monotonic() < until, "what was heard kept everything else waiting"


def test_no_more_wait_than_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "MOST_WAITING", 2)
    waiting = Heard(timedelta(seconds=5))
    events = iter(waiting)
    next(events)
    for number in (1, 2, 3):
        waiting.add(number)
    assert next(events) == {1, 2}


ANYWHERE = ("127.0.0.1", 0)


def sent(port: int, scheme: str = "http", **options: Any) -> int:
    told = {"X-Gitea-Signature": SIGNED}
    return requests.post(f"{scheme}://127.0.0.1:{port}/", data=BODY, headers=told, timeout=10, **options).status_code


def test_a_signed_message_is_heard_and_no_other() -> None:
    heard: list[int] = []
    with listen(ANYWHERE, SECRET, heard.append) as port:
        assert sent(port) == 202
        assert requests.post(f"http://127.0.0.1:{port}/", data=BODY, timeout=10).status_code == 403
        assert requests.get(f"http://127.0.0.1:{port}/", timeout=10).status_code == 501
        too_long = {"Content-Length": str(listening.MOST_BYTES + 1)}
        assert requests.post(f"http://127.0.0.1:{port}/", headers=too_long, timeout=10).status_code == 413
    assert heard == [7]


def test_senders_who_say_nothing_are_hung_up_on_and_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "SECONDS", 1.0)
    before = threading.active_count()
    with listen(ANYWHERE, SECRET, lambda _number: None) as port, ExitStack() as held:
        idle = [held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10)) for _ in range(MOST_AT_ONCE)]
        for each in idle:
            each.sendall(b"POST / HTTP/1.1\r\n")
        with pytest.raises(requests.ConnectionError):  # turned away at once
            sent(port)
        # the server's own thread, and for each who is heard one and the clock that ends it
        assert threading.active_count() <= before + 1 + 2 * MOST_AT_ONCE
        end = time.monotonic() + 10
        while idle[0].recv(1):  # drips keep no line open, and nothing is said on it
            assert time.monotonic() < end
        until = time.monotonic() + 10
        while True:
            try:
                assert sent(port) == 202
                break
            except requests.ConnectionError:
                assert time.monotonic() < until, "those who said nothing kept their places"


def test_with_a_certificate_it_speaks_tls_and_nothing_else(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    heard: list[int] = []
    with listen(ANYWHERE, SECRET, heard.append, str(authority.issue_both("127.0.0.1"))) as port:
        with socket.create_connection(("127.0.0.1", port)):  # who never says hello keeps nobody waiting
            assert sent(port, "https", verify=str(authority.certificate)) == 202
        with pytest.raises(requests.ConnectionError):
            sent(port)
    assert heard == [7]


def test_what_cannot_be_listened_on_is_told(tmp_path: Path) -> None:
    with listen(ANYWHERE, SECRET, lambda _number: None) as port:
        for address, certificate, says in (
            (("127.0.0.1", port), "", f"--listen: got 127.0.0.1:{port}, where nothing can listen"),
            (("192.0.2.1", 80), "", "--listen: got 192.0.2.1:80, where nothing can listen"),
            (ANYWHERE, str(tmp_path), "expected a certificate and its key in one PEM file"),
        ):
            with pytest.raises(UserError, match=says), listen(address, SECRET, lambda _number: None, certificate):
                pass
