"""A database dumped from a real MariaDB over TLS into a real vault: whole, or not at all."""

from __future__ import annotations

import json
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from plumbum import local
from real_mariadb import PASSWORD, MariaDb, make_certificates
from real_vault import Vault

from backup.plan import Job
from backup.sources import database
from backup.sources.taken import NotTakenError, Taken


def take(job: Job, vault: Vault, tmp_path: Path, password: str = PASSWORD) -> Taken:
    vault.open()
    return database.take(job, "127.0.0.1", password, vault.repository, tmp_path / "staging", vault.said.append)


@pytest.mark.usefixtures("path")
def test_a_dump_restores_to_the_same_rows(job: Job, vault: Vault, mariadb: MariaDb, tmp_path: Path) -> None:
    taken = take(job, vault, tmp_path)
    vault.restic("restore", taken.snapshot_id, "--target", str(tmp_path / "out"))
    dump = (tmp_path / "out" / database.DUMP).read_text()
    assert json.loads((tmp_path / "out" / "database.json").read_text())["schemas"] == ["registry"]
    question = "select count(*), sum(crc32(name)), sum(crc32(picture)) from registry.clinics"
    before = mariadb.sql(question)
    mariadb.sql("drop database registry")
    mariadb.sql(dump)
    assert mariadb.sql(question) == before
    assert mariadb.sql("show events from registry").split()[1] == "nightly"
    assert mariadb.sql("select routine_name from information_schema.routines where routine_schema = 'registry'") == "greet\n"
    assert not any(p.is_file() for p in (tmp_path / "staging").rglob("*"))


@pytest.mark.usefixtures("path")
def test_what_is_not_whole_is_no_snapshot(job: Job, vault: Vault, mariadb: MariaDb, tmp_path: Path) -> None:
    assert job.dump is not None
    (tmp_path / "other").mkdir()
    cases: list[tuple[dict[str, object], str, str]] = [
        ({"schemas": ("registry", "gone")}, PASSWORD, "GRANT EVENT, SELECT, SHOW VIEW, TRIGGER ON gone"),
        ({"user": "blind"}, PASSWORD, "cannot see all routines: GRANT SELECT ON mysql.proc TO blind"),
        ({"user": "half"}, PASSWORD, "the dump would be short: GRANT EVENT, SHOW VIEW, TRIGGER ON registry"),
        ({}, "wrong", "Access denied"),
        ({"user": "nobody"}, PASSWORD, "Access denied"),
        ({"authority": make_certificates(tmp_path / "other")}, PASSWORD, "certificate"),  # somebody else answers there
        ({"port": mariadb.port + 1}, PASSWORD, "Can't connect"),
    ]
    for change, password, reason in cases:
        with pytest.raises(NotTakenError, match=reason):
            take(replace(job, dump=replace(job.dump, **change)), vault, tmp_path, password)
    assert vault.snapshots() == []
    assert not any(p.is_file() for p in (tmp_path / "staging").rglob("*"))


@pytest.mark.usefixtures("path")
def test_a_connection_that_breaks_in_the_middle_is_no_snapshot(
    job: Job, vault: Vault, mariadb: MariaDb, tmp_path: Path
) -> None:
    mariadb.sql(
        """use registry; create table big as select repeat('x', 1000000) text, seq from seq_1_to_3;
        create table zz_last (id int); insert into zz_last values (1)"""
    )
    dump = tmp_path / "staging" / "health" / "database" / "prod" / "registry" / database.DUMP
    waits = "select id from information_schema.processlist where user = 'backup' and state like '%metadata lock%'"
    sizes: list[int] = []

    def break_off() -> None:
        """Kill the dump's connection where it waits for its last table."""
        until = time.monotonic() + 60
        while not (waiting := mariadb.sql(waits).split()) and time.monotonic() < until:
            time.sleep(0.02)
        for line in waiting:
            sizes.append(dump.stat().st_size)
            mariadb.sql(f"kill {line}")

    killer = threading.Thread(target=break_off)
    try:
        with mariadb.locked("registry.zz_last"):
            killer.start()
            with pytest.raises(NotTakenError, match=r"mariadb-dump ended with \d+: .*zz_last"):
                take(job, vault, tmp_path)
            killer.join()
    finally:
        mariadb.sql("drop table registry.big, registry.zz_last")
    assert [size > 1_000_000 for size in sizes] == [True]
    assert vault.snapshots() == []


@pytest.mark.usefixtures("path")
def test_a_dump_program_that_is_killed_or_says_too_little_is_no_snapshot(
    job: Job, vault: Vault, mariadb: MariaDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = mariadb.client.with_name("mariadb-dump")
    folder = tmp_path / "short"
    folder.mkdir()
    script = folder / "mariadb-dump"
    script.write_text(f'#!/bin/sh\n{real} "$@" | head -c 100000\n')  # ends with 0, and its end is missing
    script.chmod(0o755)
    monkeypatch.setitem(local.env, "PATH", f"{folder}:{local.env['PATH']}")
    with pytest.raises(NotTakenError, match="cut short"):
        take(job, vault, tmp_path)
    script.write_text(f'#!/bin/sh\n{real} "$@" | head -c 100000\nkill -9 $$\n')
    with pytest.raises(NotTakenError, match=f"ended with -{signal.SIGKILL.value}"):
        take(job, vault, tmp_path)
    assert vault.snapshots() == []


def test_no_secret_is_an_argument(job: Job, tmp_path: Path) -> None:
    assert job.dump is not None
    command = database.build_dump(job.dump, tmp_path / "client.cnf")
    assert not any(PASSWORD in word or job.dump.user in word for word in command.argv)
    assert command.argv[-2:] == ("--", "registry")
    quoted = PASSWORD.replace("\\", "\\\\").replace('"', '\\"')
    assert f'password="{quoted}"' in database.render_options(job.dump, "10.0.0.1", PASSWORD, tmp_path / "ca.pem")


def test_where_the_server_is_comes_from_the_last_apply(job: Job, tmp_path: Path) -> None:
    with pytest.raises(NotTakenError, match="no floating address yet"):
        database.find_address(tmp_path, job)
    (tmp_path / "departments").mkdir()
    servers = [{"name": "web", "floating_address": "10.0.0.1"}, {"name": "db", "floating_address": "10.0.0.2"}]
    told = {"projects": [{"name": "prod", "servers": servers}]}
    (tmp_path / "departments" / "health.json").write_text(json.dumps(told))
    assert database.find_address(tmp_path, job) == "10.0.0.2"
    with pytest.raises(NotTakenError, match="oneroof backup password health prod/registry"):
        database.installed_password(job, tmp_path)
    file = database.password_file(job, tmp_path)
    file.parent.mkdir()
    file.write_text(PASSWORD)
    assert database.installed_password(job, tmp_path) == PASSWORD
