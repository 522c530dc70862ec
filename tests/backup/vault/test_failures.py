"""The failures that backups die of, tried for real: never a false green, nothing lost, and a reason that says what to do."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from real_vault import Vault

from backup.command import GRACE, Command, pipe, run
from backup.ending import Ending, judge
from backup.lock import clear_dead_locks
from backup.restic import build_backup_stream, build_backup_tree
from backup.sources.taken import NotTakenError, list_snapshots

pytestmark = pytest.mark.slow  # restic takes a second of both cores for each key it opens
SOON = timedelta(seconds=0)


def stream(vault: Vault, script: str, size: int | None = None, **options: timedelta) -> str:
    """Back up what a shell script writes; give why it does not count."""
    sink = build_backup_stream(vault.repository, "/prod-portal.raw", "volume:prod/portal")
    piped = pipe(Command(("bash", "-c", script)), sink, expected_bytes=size, **options)
    return piped.reason


@pytest.mark.parametrize(
    ("script", "size", "reason"),
    [
        ("exit 1", None, "ended with 1"),
        ("head -c 100000 /dev/urandom; exit 3", None, "ended with 3"),
        ("head -c 100000 /dev/urandom; kill -9 $$", None, "ended with -9"),
        ("head -c 99999 /dev/urandom", 100_000, "gave 99999 bytes, expected 100000"),
        ("head -c 100001 /dev/urandom", 100_000, "gave 100001 bytes, expected 100000"),
        ("true", None, "gave nothing"),
        ("head -c 100000 /dev/urandom; exec 1>&-; echo access denied >&2; exit 2", None, "access denied"),
    ],
    ids=["at once", "in the midst", "killed", "cut short", "too long", "empty", "after its end"],
)
def test_a_source_that_fails_stores_no_snapshot(vault: Vault, script: str, size: int | None, reason: str) -> None:
    vault.open()
    assert reason in stream(vault, script, size)
    assert vault.snapshots() == []
    assert vault.restic("check").ok, "and leaves no lock and no damage"


def test_a_source_that_hangs_in_silence_is_ended(vault: Vault) -> None:
    vault.open()
    began = time.monotonic()
    said = stream(vault, "head -c 100000 /dev/urandom; exec sleep 600", silence=timedelta(seconds=1))
    assert "without an end" in said
    # restic 0.19 goes on waiting for its input after SIGINT, and is killed when its grace is over
    assert time.monotonic() - began < GRACE.total_seconds() + 20
    assert vault.snapshots() == []
    assert vault.restic("check").ok


def test_a_slow_source_that_goes_on_is_not_ended(vault: Vault) -> None:
    vault.open()
    script = "for n in 1 2 3 4 5 6; do head -c 10000 /dev/urandom; sleep 0.3; done"
    assert stream(vault, script, 60_000, silence=timedelta(seconds=1)) == ""
    assert len(vault.snapshots()) == 1


def test_a_missing_source_is_a_failure(vault: Vault, tmp_path: Path) -> None:
    vault.open()
    gone = Command(("rbd-that-is-not-there", "export"))
    piped = pipe(gone, build_backup_stream(vault.repository, "/x", "t"))
    assert piped.reason == "rbd-that-is-not-there is not installed"
    with pytest.raises(FileNotFoundError):
        run(build_backup_tree(vault.repository, tmp_path / "gone", "t"))
    assert vault.snapshots() == []


def test_a_file_that_cannot_be_read_is_a_failure_though_restic_made_a_snapshot(vault: Vault, tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("needs root to become somebody else")
    vault.open()
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "secret").write_text("x")
    (tree / "open").write_text("y")
    (tree / "loop").symlink_to("loop")
    (tree / "secret").chmod(0)
    command = build_backup_tree(replace(vault.repository, cache=None), tree, "t")  # the cache is root's
    for place in [tmp_path, *tmp_path.rglob("*"), *tmp_path.parents]:
        if not place.is_symlink() and place not in (Path("/"), Path(tempfile.gettempdir())) and place.name != "secret":
            with contextlib.suppress(PermissionError):
                place.chmod(place.stat().st_mode | 0o055 | (0o022 if place.is_relative_to(tmp_path) else 0))
    binary = tmp_path / "restic-of-nobody"
    binary.write_bytes((tmp_path / "bin" / "restic").resolve().read_bytes())
    binary.chmod(0o755)
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(binary))
    ended = run(Command((*nobody, *command.argv[1:]), command.environment, tree))
    assert judge(ended, vault.repository.version) is Ending.INCOMPLETE, ended
    assert not ended.ok


def test_the_wrong_password_is_named(vault: Vault) -> None:
    vault.open()
    vault.store()
    vault.repository.password_file.write_text("wrong")
    with pytest.raises(NotTakenError, match=Ending.WRONG_PASSWORD):
        vault.open()
    vault.repository.password_file.write_text("correct horse")
    assert len(vault.snapshots()) == 1


def test_a_repository_that_vanished_is_not_made_again(vault: Vault) -> None:
    vault.open()
    vault.files.rename(vault.files.with_name("elsewhere"))
    with pytest.raises(NotTakenError, match="the vault has lost repository"):
        vault.open()
    assert not (vault.files / "config").exists()


def test_a_repository_in_its_place_is_refused(vault: Vault) -> None:
    vault.open()
    vault.files.rename(vault.files.with_name("elsewhere"))
    assert vault.restic("init").ok
    with pytest.raises(NotTakenError, match="expected"):
        vault.open()


@pytest.mark.parametrize("left", [b"", b'{"version":1,'], ids=["empty", "cut short"])
def test_a_damaged_config_is_no_reason_to_begin_anew(vault: Vault, left: bytes) -> None:
    vault.open()
    config = vault.files / "config"
    config.chmod(0o600)
    config.write_bytes(left)
    with pytest.raises(NotTakenError):
        vault.open()
    assert config.read_bytes() == left


def test_a_vault_that_is_away_is_a_failure_and_the_data_is_safe(vault: Vault) -> None:
    vault.open()
    vault.store()
    address = vault.repository.repository_file.read_text()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        vault.repository.repository_file.write_text(re.sub(r":\d+/", f":{closed.getsockname()[1]}/", address))
        silence = timedelta(seconds=2)
        assert stream(vault, "head -c 100000 /dev/urandom; sleep 100", silence=silence)
    vault.repository.repository_file.write_text(address)
    assert len(vault.snapshots()) == 1
    assert vault.restic("check").ok


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to mount a small file system")
def test_a_full_vault_is_a_failure_and_keeps_what_it_has(vault: Vault) -> None:
    vault.files.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "vault", vault.files], check=True)
    try:
        vault.open()
        kept = vault.store(size=500_000)
        said = stream(vault, "head -c 8000000 /dev/urandom", 8_000_000, silence=timedelta(seconds=5))
        assert said
        assert [s["id"] for s in vault.snapshots()] == [kept.snapshot_id]
        clear_dead_locks(vault.repository)
        assert vault.restic("dump", "--no-lock", kept.snapshot_id, "/data").ok
    finally:
        subprocess.run(["umount", "-l", vault.files], check=True)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
def test_restic_ended_in_the_midst_stores_nothing_and_blocks_nobody(vault: Vault, how: signal.Signals) -> None:
    vault.open()
    command = build_backup_stream(vault.repository, "/x", "t")
    process = subprocess.Popen(
        command.argv, env={**os.environ, **command.environment}, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert process.stdin
    process.stdin.write(os.urandom(300_000))
    process.stdin.flush()
    wait_for_lock(vault)
    process.send_signal(how)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:  # 0.19 goes on waiting for its input, and is killed when its grace is over
        process.kill()
        process.wait()
    process.stdin.close()
    ended = vault.check(timedelta(seconds=5))
    assert ended.ok, ended.stderr
    assert vault.snapshots() == []


def test_a_living_lock_is_left_alone_and_named(vault: Vault) -> None:
    vault.open()
    command = build_backup_stream(vault.repository, "/x", "t")
    process = subprocess.Popen(
        command.argv, env={**os.environ, **command.environment}, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    try:
        wait_for_lock(vault)
        (living,) = clear_dead_locks(vault.repository)
        assert living.pid == process.pid
        ended = vault.check(SOON)
        assert judge(ended, vault.repository.version) is Ending.LOCKED
        assert len(list((vault.files / "locks").iterdir())) == 1
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be another machine")
def test_a_foreign_lock_is_left_alone(vault: Vault) -> None:
    vault.open()
    script = "hostname elsewhere && exec restic backup --stdin --stdin-filename=/x"
    environment = {**os.environ, **vault.repository.environment}
    process = subprocess.Popen(
        ["unshare", "--uts", "sh", "-c", script], env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    try:
        wait_for_lock(vault)
    finally:
        process.kill()
        process.wait()
    (foreign,) = clear_dead_locks(vault.repository)
    assert foreign.hostname == "elsewhere"
    assert len(list((vault.files / "locks").iterdir())) == 1


def test_a_lock_that_is_empty_does_not_stop_a_backup(vault: Vault) -> None:
    vault.open()
    (vault.files / "locks").mkdir(exist_ok=True)
    (vault.files / "locks" / ("0" * 64)).write_bytes(b"")
    assert clear_dead_locks(vault.repository) == ()
    vault.store()
    assert len(vault.snapshots()) == 1


@pytest.mark.parametrize("name", ["-o rest.connections=9", "--insecure-tls", "a\nb", "../../etc", "$(id)", "名字"])
def test_names_are_never_options_nor_paths(vault: Vault, name: str) -> None:
    vault.open()
    sink = build_backup_stream(vault.repository, "/x.raw", name)
    piped = pipe(Command(("printf", "x")), sink)
    assert piped.ok, piped.reason
    (snapshot,) = vault.snapshots()
    assert snapshot["tags"] == [name]
    assert snapshot["paths"] == ["/x.raw"]


def test_who_writes_cannot_take_away(vault: Vault) -> None:
    vault.open()
    taken = vault.store()
    for arguments in (("forget", taken.snapshot_id), ("forget", "--keep-tag", "typo", "--prune"), ("prune",)):
        vault.restic(*arguments)
    assert [s["id"] for s in vault.snapshots()] == [taken.snapshot_id]
    assert vault.restic("check", "--read-data").ok


def test_a_snapshot_that_is_not_listed_does_not_count(vault: Vault) -> None:
    vault.open()
    taken = vault.store()
    assert list_snapshots(vault.repository, taken.snapshot_id) == (taken.snapshot_id,)
    (vault.files / "snapshots" / taken.snapshot_id).unlink()
    assert list_snapshots(vault.repository, taken.snapshot_id) == ()


def test_a_runner_that_is_killed_stores_nothing(vault: Vault) -> None:
    vault.open()
    sink = build_backup_stream(vault.repository, "/x", "t")
    code = (
        "import sys, json; from backup.command import Command, pipe; a = json.loads(sys.argv[1]);"
        "pipe(Command(('bash', '-c', 'head -c 200000 /dev/urandom; exec sleep 60')), Command(tuple(a[0]), a[1]))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, json.dumps([sink.argv, dict(sink.environment)])])
    wait_for_lock(vault)
    process.kill()
    process.wait()
    assert vault.check(timedelta(seconds=20)).ok, "restic ended too, and its lock blocks nobody"
    assert vault.snapshots() == []


def wait_for_lock(vault: Vault) -> None:
    locks = vault.files / "locks"
    wait_until(lambda: locks.is_dir() and any(f.stat().st_size for f in locks.iterdir()))


def wait_until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not done():
        assert time.monotonic() < until
        time.sleep(0.02)
