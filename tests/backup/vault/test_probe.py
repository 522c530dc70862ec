"""The real store refuses what it must, and a store that does not is told apart at once."""

from __future__ import annotations

import socket
import time
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path

import pytest
from real_vault import serve

from backup.records import Outcome
from backup.restic import Repository
from backup.vault.probe import CONTENT, NAME, next_department, probe
from backup.vault.records import last_probes


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    (tmp_path / "srv" / "health").mkdir(parents=True)
    return Repository("health", tmp_path / "repository", tmp_path / "password")


def at(repository: Repository, port: int, user: str = "") -> Repository:
    repository.repository_file.write_text(f"rest:http://{user}127.0.0.1:{port}/health/\n")
    return repository


def test_what_the_store_refuses_is_on_record(
    repository: Repository, tmp_path: Path, image_program: Callable[[str], Path]
) -> None:
    with serve(image_program("rclone"), tmp_path / "srv") as port:
        for _ in range(2):
            tried = probe(at(repository, port), ())
            assert (tried.overwrite, tried.delete, tried.intact, tried.outcome) == (403, 403, True, Outcome.VERIFIED), tried
    assert abs(tried.clock_offset_seconds) < 60
    assert next((tmp_path / "srv").rglob(NAME)).read_bytes() == CONTENT


def test_a_store_that_is_not_append_only_is_found_and_nothing_else_is_lost(
    repository: Repository, tmp_path: Path, image_program: Callable[[str], Path]
) -> None:
    (tmp_path / "srv" / "health" / "config").write_bytes(b"x")
    with serve(image_program("rclone"), tmp_path / "srv", append_only=False) as port:
        tried = probe(at(repository, port), ())
    assert tried.outcome is Outcome.FAILED
    assert tried.reason.startswith("an object could be overwritten; an object could be deleted")
    assert not tried.intact
    assert (tmp_path / "srv" / "health" / "config").read_bytes() == b"x"


def test_each_department_opens_its_own_repository_alone(
    repository: Repository, tmp_path: Path, image_program: Callable[[str], Path]
) -> None:
    htpasswd = tmp_path / "htpasswd"
    htpasswd.write_text(f"health:{{SHA}}{b64encode(sha1(b'abcd').digest()).decode()}\n")  # noqa: S324 - the store's own form
    (tmp_path / "srv" / "transport").mkdir()
    (tmp_path / "srv" / "transport" / "config").write_bytes(b"x")
    doors = ("--private-repos", "--htpasswd", str(htpasswd))
    with serve(image_program("rclone"), tmp_path / "srv", *doors) as port:
        tried = probe(at(repository, port, "health:abcd@"), ("transport",))
        assert (tried.foreign, tried.outcome) == (403, Outcome.VERIFIED), tried
        revoked = probe(at(repository, port, "health:wrong@"), ("transport",))
        assert (revoked.outcome, revoked.delete) == (Outcome.PENDING, 401)
        assert "answered 401" in revoked.reason
    with serve(image_program("rclone"), tmp_path / "srv") as port:
        tried = probe(at(repository, port), ("transport",))
        assert (tried.outcome, tried.reason) == (Outcome.FAILED, "the repository of transport could be read")


def test_no_answer_proves_nothing(repository: Repository) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        began = time.monotonic()
        tried = probe(at(repository, closed.getsockname()[1]), ())
    assert time.monotonic() - began < 5
    assert tried.outcome is Outcome.PENDING
    assert "did not answer" in tried.reason
    assert last_probes([tried]) == {"health": tried}


def test_each_repository_is_tried_by_another_department() -> None:
    departments = ["health", "civil-affairs", "transport"]
    tried = {d: next_department(departments, d) for d in departments}
    assert tried == {"health": ("transport",), "civil-affairs": ("health",), "transport": ("civil-affairs",)}
    assert next_department([], "health") == ()
