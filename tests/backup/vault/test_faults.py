"""What happens around a backup: memory and room that end, a vault that answers 503, hangs or is cut off in the midst."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from real_vault import Vault

from backup.command import Command, Piped, pipe, run
from backup.ending import Ending, explain, judge
from backup.evidence import verify
from backup.lock import clear_dead_locks
from backup.records import BackupRecord, Outcome, Source, append_records, load_backups
from backup.restic import build_backup_stream, build_backup_tree, build_check
from tenants.installation import cache_directory

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.getuid() != 0, reason="needs root: to mount, to limit, to cut off")]
SOON = timedelta(seconds=3)
MEMORY = Path("/sys/fs/cgroup/memory")
SLOWLY = "head -c 300000 /dev/urandom; for n in 1 2 3 4 5 6 7 8 9 10; do sleep 1; head -c 100000 /dev/urandom; done"


def store(
    vault: Vault, script: str, size: int | None = None, *, silence: timedelta = SOON, around: Command | None = None
) -> Piped:
    """Back up what a shell script writes, as the sources do."""
    sink = build_backup_stream(vault.repository, "/prod-portal.raw", "volume:prod/portal")
    if around is not None:
        sink = replace(sink, argv=(*around.argv, *sink.argv))
    return pipe(Command(("bash", "-c", script)), sink, expected_bytes=size, silence=silence)


def demand_nothing_lost(vault: Vault, *kept: str) -> None:
    """Demand that the vault holds exactly these snapshots, whole, and that nothing blocks the next run."""
    clear_dead_locks(vault.repository)
    assert sorted(s["id"] for s in vault.snapshots()) == sorted(kept)
    assert vault.check(timedelta(seconds=5)).ok
    assert vault.restic("check", "--read-data").ok
    after = vault.store(size=20_000)
    assert after.snapshot_id in {s["id"] for s in vault.snapshots()}, "the next run carries on"


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[None]:
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "small", place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@contextmanager
def door(vault: Vault, tmp_path: Path, *rules: str) -> Iterator[subprocess.Popen[bytes]]:
    """Put HAProxy, with rules of its own, between this machine and the vault."""
    roots = [Path("/"), *sorted(cache_directory().glob("images/*/root"))]
    root = next((root for root in roots if (root / "usr/sbin/haproxy").exists()), None)
    if root is None:
        pytest.skip("there is no haproxy, which the lab's image has: this machine cannot run a lab")
    address = vault.repository.repository_file.read_text()
    behind = address.removeprefix("rest:http://").partition("/")[0]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    configuration = tmp_path / "haproxy.cfg"
    lines = [
        *("defaults", "mode http", "timeout connect 5s", "timeout client 60s", "timeout server 60s"),
        *("frontend door", f"bind 127.0.0.1:{port}", *rules, "default_backend vault"),
        *("backend vault", f"server vault {behind}"),
    ]
    configuration.write_text("\n".join(lines) + "\n")
    environment = (
        {**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, root.glob("usr/lib/*-linux-gnu")))}
        if root != Path("/")
        else None
    )
    program = subprocess.Popen([root / "usr/sbin/haproxy", "-db", "-f", configuration], env=environment)
    try:
        wait_until(lambda: _answers(port))
        vault.repository.repository_file.write_text(f"rest:http://127.0.0.1:{port}/health/")
        yield program
    finally:
        vault.repository.repository_file.write_text(address)
        program.send_signal(signal.SIGCONT)
        program.terminate()
        program.wait()


def test_restic_killed_for_want_of_memory_stores_nothing(vault: Vault) -> None:
    vault.open()
    kept = vault.store()
    group = MEMORY / f"oneroof-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text("300M")
    except OSError:
        pytest.skip("this machine's kernel lets nobody limit memory by cgroup v1")
    join = f'echo $$ > {group}/cgroup.procs; exec "$@"'
    eat = "x = bytearray(24 << 20); import time; time.sleep(600)"  # restic is the biggest in its group, and goes first
    ended: list[Piped] = []
    worker = threading.Thread(
        target=lambda: ended.append(
            store(vault, SLOWLY, around=Command(("sh", "-c", join, "sh")), silence=timedelta(seconds=60))
        )
    )
    worker.start()
    wait_for_lock(vault)
    eaters = [subprocess.Popen(["sh", "-c", join, "sh", "python3", "-c", eat]) for _ in range(14)]
    try:
        worker.join(60)
    finally:
        for eater in eaters:
            eater.kill()
            eater.wait()
        worker.join()
        group.rmdir()
    (piped,) = ended
    assert judge(piped.sink, vault.repository.version) is Ending.KILLED, piped.sink
    assert not piped.ok
    demand_nothing_lost(vault, kept.snapshot_id)


def test_a_full_cache_never_makes_a_backup_look_good_that_is_not(vault: Vault) -> None:
    vault.open()
    kept = vault.store()
    assert vault.repository.cache
    with small_disk(vault.repository.cache, "64k"):
        piped = store(vault, "head -c 3000000 /dev/zero; head -c 3000000 /dev/urandom", 6_000_000)
        there = [s["id"] for s in vault.snapshots() if s["id"] != kept.snapshot_id]
        assert len(there) == (1 if piped.ok else 0), piped.reason
    demand_nothing_lost(vault, kept.snapshot_id, *there)
    for snapshot in there:
        assert len(vault.restic("dump", "--no-lock", snapshot, "/prod-portal.raw").stdout) == 6_000_000


def test_no_room_for_temporary_files_is_a_failure_that_says_so(vault: Vault, tmp_path: Path) -> None:
    vault.open()
    kept = vault.store()
    with small_disk(tmp_path / "scratch", "1m"):
        sink = build_backup_stream(vault.repository, "/x", "t")
        sink = replace(sink, environment={**sink.environment, "TMPDIR": str(tmp_path / "scratch")})
        piped = pipe(Command(("head", "-c", "8000000", "/dev/urandom")), sink, silence=SOON)
    assert not piped.ok
    assert "no space left" in piped.sink.stderr, piped
    demand_nothing_lost(vault, kept.snapshot_id)


def test_a_vault_that_answers_503_now_and_then_gets_the_whole_backup(vault: Vault, tmp_path: Path) -> None:
    vault.open()
    with door(vault, tmp_path, "http-request return status 503 if { rand(100) lt 15 }"):
        piped = store(vault, "head -c 5000000 /dev/urandom | tee >(sha256sum >&2)", 5_000_000, silence=timedelta(seconds=90))
        assert piped.ok, piped.reason
    (snapshot,) = vault.snapshots()
    again = pipe(vault.repository.command("dump", "--no-lock", snapshot["id"], "/prod-portal.raw"), Command(("cat",)))
    assert again.sha256 == piped.sha256
    demand_nothing_lost(vault, snapshot["id"])


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_vault_that_answers_nothing_else_is_a_failure(vault: Vault, tmp_path: Path, status: int) -> None:
    vault.open()
    kept = vault.store()
    with door(vault, tmp_path, f"http-request return status {status} if {{ method POST }}"):
        piped = store(vault, "head -c 100000 /dev/urandom", 100_000)
        assert not piped.ok
        assert piped.reason
    demand_nothing_lost(vault, kept.snapshot_id)


def test_a_vault_that_hangs_in_silence_is_a_failure(vault: Vault, tmp_path: Path) -> None:
    vault.open()
    kept = vault.store()
    with door(vault, tmp_path) as program:
        freeze = threading.Thread(target=lambda: (wait_for_lock(vault), program.send_signal(signal.SIGSTOP)))
        freeze.start()
        piped = store(vault, "sleep 2; head -c 40000000 /dev/urandom", 40_000_000)
        freeze.join()
        assert piped.source.timed_out
        assert "without an end" in piped.reason
    demand_nothing_lost(vault, kept.snapshot_id)


def test_a_connection_that_is_cut_without_a_word_is_a_failure(vault: Vault, image_program: Callable[[str], Path]) -> None:
    """Both ends believe in the connection: no packet comes through, and nobody says so."""
    vault.open()
    kept = vault.store()
    address, name = vault.repository.repository_file.read_text(), f"oneroof-{os.getpid()}"
    here, there = f"or{os.getpid()}a"[-15:], f"or{os.getpid()}b"[-15:]
    inside = ["ip", "netns", "exec", name]
    call(["ip", "netns", "add", name])
    try:
        call(["ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", name])
        call(["ip", "address", "add", "10.112.95.253/30", "dev", here])
        call(["ip", "link", "set", here, "up"])
        call([*inside, "ip", "address", "add", "10.112.95.254/30", "dev", there])
        call([*inside, "ip", "link", "set", there, "up"])
        options = ["--append-only", "--config=", "--cache-dir=/nonexistent", "--addr", "10.112.95.254:8000"]
        program = subprocess.Popen(
            [*inside, image_program("rclone"), "serve", "restic", *options, vault.files.parent], stderr=subprocess.DEVNULL
        )
        try:
            wait_until(lambda: _answers(8000, "10.112.95.254"))
            vault.repository.repository_file.write_text("rest:http://10.112.95.254:8000/health/")

            def cut() -> None:
                wait_for_lock(vault)
                call(
                    [
                        *inside,
                        "nft",
                        "add table inet gone; add chain inet gone cut { type filter hook input priority 0; policy drop; }",
                    ]
                )

            cutting = threading.Thread(target=cut)
            cutting.start()
            piped = store(vault, "sleep 2; head -c 40000000 /dev/urandom", 40_000_000)
            cutting.join()
            assert not piped.ok
            assert "without an end" in piped.reason
            call([*inside, "nft", "delete table inet gone"])
            demand_nothing_lost(vault, kept.snapshot_id)
        finally:
            program.terminate()
            program.wait()
    finally:
        vault.repository.repository_file.write_text(address)
        call(["ip", "netns", "delete", name])


@pytest.mark.parametrize("command", [("check", "--read-data"), ("backup", "--stdin")], ids=lambda c: c[0])
def test_the_lock_of_a_killed_program_stops_neither_backups_nor_checks(vault: Vault, command: tuple[str, ...]) -> None:
    vault.open()
    kept = vault.store(size=3_000_000)
    program = subprocess.Popen(
        ["restic", "--no-cache", *command],
        env={**os.environ, **vault.repository.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for_lock(vault)
    program.kill()
    program.wait()
    assert list((vault.files / "locks").iterdir())
    vault.open()
    assert list((vault.files / "locks").iterdir()) == [], "its maker is dead for certain"
    demand_nothing_lost(vault, kept.snapshot_id)


def test_a_check_that_is_interrupted_says_nothing_good(vault: Vault) -> None:
    vault.open()
    kept = vault.store()
    ended = run(build_check(vault.repository, 1, 1), timeout=timedelta(milliseconds=200))
    assert judge(ended, vault.repository.version) is Ending.STOPPED
    assert explain(ended, vault.repository.version).startswith(Ending.STOPPED)
    demand_nothing_lost(vault, kept.snapshot_id)


def test_a_source_that_vanishes_while_it_is_read_is_no_whole_backup(vault: Vault, tmp_path: Path) -> None:
    vault.open()
    tree = tmp_path / "tree"
    tree.mkdir()
    for n in range(4000):
        (tree / f"{n:05}").write_bytes(os.urandom(2000))

    def vanish() -> None:
        wait_for_lock(vault)
        for n in range(3999, 0, -1):
            (tree / f"{n:05}").unlink()

    removing = threading.Thread(target=vanish)
    removing.start()
    ended = run(build_backup_tree(vault.repository, tree, "t"))
    removing.join()
    if not ended.ok:  # it was seen: then it is not good, whatever the snapshot holds
        assert judge(ended, vault.repository.version) is Ending.INCOMPLETE
    assert vault.restic("check", "--read-data").ok


def test_evidence_that_finds_no_room_is_told_and_loses_nothing(vault: Vault) -> None:
    now = datetime.now(UTC)
    record = BackupRecord("health", Source.VOLUME, "prod/portal", now, now, "a" * 64, 1, "", Outcome.GOOD, "x" * 300)
    told = 0

    def tell_on() -> None:
        nonlocal told
        while told < 5000:
            append_records(vault.records, [replace(record, snapshot_id=f"{told:064}")])
            told += 1

    with small_disk(vault.records, "256k"):
        with pytest.raises(OSError, match="No space left"):
            tell_on()
        assert told > 50
        written = len(load_backups(vault.records))
        assert written in (told, told + 1), "what was told is there; the last may be whole and not told yet"
        assert all(not examined.problems for examined in verify(vault.records))
        subprocess.run(["mount", "-o", "remount,size=2m", vault.records], check=True)
        append_records(vault.records, [replace(record, snapshot_id="f" * 64)])
        assert len(load_backups(vault.records)) == written + 1
        assert all(not examined.problems for examined in verify(vault.records))


def call(words: list[str]) -> None:
    subprocess.run(words, check=True)


def _answers(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def wait_for_lock(vault: Vault) -> None:
    locks = vault.files / "locks"
    wait_until(lambda: locks.is_dir() and any(f.stat().st_size for f in locks.iterdir()))


def wait_until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not done():
        assert time.monotonic() < until
        time.sleep(0.02)
