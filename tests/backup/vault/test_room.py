"""A department that takes too much of the real store may write no more; what it has stays, and the others go on."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path
from types import ModuleType

import pytest
from real_vault import serve

from backup.records import Outcome
from backup.restic import Repository
from backup.vault.probe import probe
from tenants.installation import repository

PROGRAM = repository() / "playbooks" / "roles" / "vault" / "files" / "usr" / "local" / "lib" / "oneroof" / "vault-room"


@pytest.fixture(scope="module")
def room() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("vault_room", str(PROGRAM))
    spec = importlib.util.spec_from_loader("vault_room", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("sizes", "free", "closed"),
    [
        ({"health": 40, "transport": 10}, 50, set()),
        ({"health": 60, "transport": 10}, 30, {"health"}),
        ({"health": 51, "transport": 49}, 0, {"health", "transport", "control-plane"}),
        ({"control-plane": 70}, 30, set()),
    ],
)
def test_who_may_write(room: ModuleType, sizes: dict[str, int], free: int, closed: set[str]) -> None:
    assert set(room.choose_closed({"control-plane": 0} | sizes, free, 50, 5)) == closed


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to mount a small file system and to give a file away")
def test_a_department_is_closed_and_opened_while_the_store_runs(
    tmp_path: Path, image_program: Callable[[str], Path]
) -> None:
    root, htpasswd, opened = tmp_path / "srv", tmp_path / "htpasswd", tmp_path / "open"
    root.mkdir()
    digest = b64encode(sha1(b"abcd").digest()).decode()  # noqa: S324 - the store's own form
    htpasswd.write_text("".join(f"{user}:{{SHA}}{digest}\n" for user in ("health", "transport")))

    def look(*more: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, PROGRAM, root, htpasswd, opened, "root", "50", "5", *more]
        return subprocess.run(argv, capture_output=True, text=True, check=False)

    def asks(department: str) -> Outcome:
        address = tmp_path / f"{department}-repository"
        address.write_text(f"rest:http://{department}:abcd@127.0.0.1:{port}/{department}/")
        return probe(Repository(department, address, tmp_path / "password"), ()).outcome

    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "vault", root], check=True)
    try:
        for department in ("health", "transport"):
            (root / department / "data").mkdir(parents=True)
        assert look().returncode == 0
        assert opened.read_text() == htpasswd.read_text()
        assert opened.stat().st_mode & 0o777 == 0o640
        with serve(image_program("rclone"), root, "--private-repos", "--htpasswd", str(opened)) as port:
            assert (asks("health"), asks("transport")) == (Outcome.VERIFIED, Outcome.VERIFIED)
            (root / "health" / "data" / "big").write_bytes(bytes(11 << 20))
            assert look("--dry-run").returncode == 1
            assert opened.read_text() == htpasswd.read_text(), "a dry run only tells"
            done = look()
            assert done.returncode == 1
            assert "closed: it takes 5" in done.stdout
            assert (asks("health"), asks("transport")) == (Outcome.PENDING, Outcome.VERIFIED), "401, and nobody else suffers"
            assert (root / "health" / "data" / "big").stat().st_size == 11 << 20
            (root / "health" / "data" / "big").unlink()
            assert look().returncode == 0
            assert asks("health") is Outcome.VERIFIED
    finally:
        subprocess.run(["umount", "-l", root], check=True)
