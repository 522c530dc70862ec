"""A dump put back into a real MariaDB over TLS: beside what is there or in its place, whole or not at all."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from real_mariadb import PASSWORD, MariaDb
from real_vault import Vault

from backup.plan import Job
from backup.records import BackupRecord, Outcome, Source
from backup.restore.database import restore_database
from backup.restore.dump_text import MARK
from backup.restore.volume import Written
from backup.sources import database
from backup.sources.taken import NotTakenError, Taken, store_tree

TO_RESTORE = (
    "alter, alter routine, create, create routine, create view, drop, event, index, insert, lock tables, references, "
    "select, show view, trigger"
)
ROWS = "select count(*), sum(crc32(name)), sum(crc32(picture)) from {}.clinics"


@pytest.fixture
def served(mariadb: MariaDb, path: None) -> Iterator[MariaDb]:  # noqa: ARG001 - programs on PATH
    """A schema of everything that mariadb-dump knows, and an account that may restore it; nothing of it is left behind."""
    grants = "".join(
        f"grant {TO_RESTORE} on `{name}`.* to backup@'%';"
        for name in (r"register", r"register\_restored", r"register\_restoring", r"register\_other")
    )
    mariadb.sql(
        f"""create database register character set utf8mb4; use register;
        create table clinics (id int primary key auto_increment, name varchar(200), picture blob) engine=innodb;
        insert into clinics (name, picture) select concat('卫生院 ', seq, '\\n--\\n-- Current Database: `mysql`\\n--\\n'),
          repeat(unhex('00ff0d0a27'), 200) from seq_1_to_2000;
        create table visits (clinic int, foreign key (clinic) references clinics (id));
        insert into visits values (7), (9);
        create sequence numbers; select nextval(numbers);
        create view names as select id, name from clinics;
        create function one() returns int deterministic return 1;
        create trigger told before insert on clinics for each row set new.name = concat(new.name, '!');
        create event nightly on schedule every 1 day do select 1;
        grant set user on *.* to backup@'%'; {grants}"""  # noqa: S608 - nothing of it is told by anybody
    )
    yield mariadb
    schemas = ("register", "register_restored", "register_restoring", "register_other")
    mariadb.sql("".join(f"drop database if exists {name};" for name in schemas))
    mariadb.sql("revoke all on *.* from backup@'%'")


@pytest.fixture
def own(job: Job) -> Job:
    assert job.dump is not None
    return replace(job, name="prod/register", dump=replace(job.dump, schemas=("register",)))


def record(taken: Taken) -> BackupRecord:
    told = (taken.snapshot_id, taken.bytes, taken.sha256, Outcome.GOOD)
    return BackupRecord("health", Source.DATABASE, "prod/register", taken.taken_at, datetime.now(UTC), *told)


@pytest.fixture
def snapshot(own: Job, vault: Vault, served: MariaDb, tmp_path: Path) -> BackupRecord:  # noqa: ARG001 - it is dumped
    vault.open()
    return record(database.take(own, "127.0.0.1", PASSWORD, vault.repository, tmp_path / "staging", vault.said.append))


Restore = Callable[..., Written]


@pytest.fixture
def restore(own: Job, vault: Vault, tmp_path: Path) -> Restore:
    def keep() -> str:
        kept = database.take(own, "127.0.0.1", PASSWORD, vault.repository, tmp_path / "staging", vault.said.append)
        return f"what was there is {kept.snapshot_id}"

    def do(
        snapshot: BackupRecord,
        suffix: str = "_restored",
        *,
        overwrite: bool = False,
        keep: Callable[[], str] = keep,
        password: str = PASSWORD,
    ) -> Written:
        how = (own, "127.0.0.1", password, snapshot, vault.repository, tmp_path / "staging")
        return restore_database(*how, suffix=suffix, overwrite=overwrite, keep=keep, say=vault.said.append)

    return do


def schemas(served: MariaDb) -> set[str]:
    return {name for name in served.sql("show databases").split() if name.startswith("register")}


def things(served: MariaDb, schema: str) -> list[str]:
    """Give what a schema has, by kind."""
    return served.sql(
        f"""select concat(table_type, ' ', table_name) from information_schema.tables where table_schema = '{schema}' union
        select concat('routine ', routine_name) from information_schema.routines where routine_schema = '{schema}' union
        select concat('trigger ', trigger_name) from information_schema.triggers where trigger_schema = '{schema}' union
        select concat('event ', event_name) from information_schema.events where event_schema = '{schema}' order by 1
        """  # noqa: S608 - nothing of it is told by anybody
    ).splitlines()


def test_it_comes_back_into_a_new_schema_beside_the_one_that_is_there(
    restore: Restore, snapshot: BackupRecord, served: MariaDb, tmp_path: Path
) -> None:
    rows, whole = served.sql(ROWS.format("register")), things(served, "register")
    served.sql("delete from register.visits; delete from register.clinics where id > 10")
    changed = served.sql(ROWS.format("register"))
    written = restore(snapshot)
    assert (written.bytes, written.sha256) == (snapshot.bytes, snapshot.sha256)
    assert served.sql(ROWS.format("register_restored")) == rows
    assert served.sql("select count(*), max(name = (select name from register.clinics where id = 1)) from register_restored.names") == "2000\t1\n"  # fmt: skip # noqa: E501 - one question
    # its events would run twice, in both
    assert things(served, "register_restored") == [each for each in whole if each != "event nightly"]
    assert served.sql(ROWS.format("register")) == changed
    assert schemas(served) == {"register", "register_restored"}
    assert not any(p.is_file() for p in (tmp_path / "staging").rglob("*"))


def test_a_schema_that_holds_data_is_replaced_only_where_that_is_told(
    restore: Restore, snapshot: BackupRecord, served: MariaDb
) -> None:
    served.sql("create database register_restored; create table register_restored.theirs (id int)")
    with pytest.raises(NotTakenError, match="schema register_restored is there and holds data: tell --overwrite"):
        restore(snapshot)
    assert things(served, "register_restored") == ["BASE TABLE theirs"]
    with pytest.raises(NotTakenError, match="schema register is there and holds data: tell --overwrite"):
        restore(snapshot, "")
    restore(snapshot, overwrite=True)
    assert "BASE TABLE theirs" not in things(served, "register_restored")


def test_in_place_it_is_as_it_was_and_what_was_there_is_backed_up(
    restore: Restore, snapshot: BackupRecord, served: MariaDb, vault: Vault, tmp_path: Path
) -> None:
    rows, whole = served.sql(ROWS.format("register")), things(served, "register")
    served.sql("drop table register.visits; delete from register.clinics; create table register.newer (id int)")
    written = restore(snapshot, "", overwrite=True)
    assert served.sql(ROWS.format("register")) == rows
    assert things(served, "register") == whole
    assert schemas(served) == {"register"}
    kept = written.note.rpartition(" ")[2]
    vault.restic("restore", kept, "--target", str(tmp_path / "out"))
    assert "CREATE TABLE `newer`" in (tmp_path / "out" / database.DUMP).read_text()


def test_where_what_is_there_cannot_be_backed_up_it_stays(restore: Restore, snapshot: BackupRecord, served: MariaDb) -> None:
    def keep() -> str:
        raise NotTakenError("the vault refused")

    before = things(served, "register")
    with pytest.raises(NotTakenError, match="the vault refused"):
        restore(snapshot, "", overwrite=True, keep=keep)
    assert things(served, "register") == before
    assert schemas(served) == {"register"}


def test_a_wrong_password_and_missing_rights_are_said_in_one_message(
    restore: Restore, snapshot: BackupRecord, served: MariaDb
) -> None:
    with pytest.raises(NotTakenError, match="Access denied"):
        restore(snapshot, password="wrong")  # noqa: S106 - that is what is tried
    with pytest.raises(NotTakenError) as refused:
        restore(snapshot, "_elsewhere")
    said = str(refused.value)
    assert "GRANT ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE, CREATE VIEW, DROP, EVENT, INDEX, INSERT" in said
    assert "ON register_elsewhere.* TO backup" in said
    served.sql("revoke set user on *.* from backup@'%'; revoke insert on `register\\_restored`.* from backup@'%'")
    with pytest.raises(NotTakenError) as refused:
        restore(snapshot)
    assert "GRANT INSERT ON register_restored.* TO backup; GRANT SET USER ON *.* TO backup" in str(refused.value)
    assert schemas(served) == {"register"}


def spoilt(snapshot: BackupRecord, vault: Vault, tmp_path: Path, change: Callable[[str], str]) -> BackupRecord:
    """Store the dump anew with another text, as a source that went wrong would have."""
    tree = tmp_path / f"spoilt-{time.monotonic_ns()}"
    vault.restic("restore", snapshot.snapshot_id, "--target", str(tree))
    dump = tree / database.DUMP
    text = dump.read_text()
    assert change(text) != text
    dump.write_text(change(text))
    (tree / "SHA256SUMS").unlink()
    return record(store_tree(vault.repository, tree, "database:prod/register", datetime.now(UTC)))


LAST = "--\n-- Final view structure for view `names`\n--\n"


def test_a_dump_that_is_short_or_breaks_in_the_middle_replaces_nothing(
    restore: Restore, snapshot: BackupRecord, served: MariaDb, vault: Vault, tmp_path: Path
) -> None:
    rows, whole = served.sql(ROWS.format("register")), things(served, "register")
    seen = tmp_path / "seen"
    cases: list[tuple[Callable[[str], str], str]] = [
        (lambda text: text[: len(text) // 2], "cut short"),
        (lambda text: text.replace(LAST, f"selec 1;\n{LAST}"), "error in your SQL syntax"),
        (lambda text: text.replace(LAST, f"\\! touch {seen}\n{LAST}"), "sandbox"),
        (lambda text: text.replace(LAST, f"source {tmp_path}/password\n{LAST}"), "sandbox"),
        (lambda text: text.replace("-- Current Database: `register`", "-- Current Database: `mysql`", 1).replace(
            "USE `register`", "USE `mysql`", 1), "a schema mysql that its description does not tell"),
        # loaded, and then it is not what its own part of the dump says
        (lambda text: text.replace(LAST, "TRUNCATE `visits`;\n" + LAST), "parts of register_restor.* are not as in"),
    ]  # fmt: skip
    for change, reason in cases:
        bad = spoilt(snapshot, vault, tmp_path, change)
        for suffix in ("_restored", ""):
            with pytest.raises(NotTakenError, match=reason):
                restore(bad, suffix, overwrite=True)
            assert schemas(served) == {"register"}
    assert served.sql(ROWS.format("register")) == rows
    assert things(served, "register") == whole
    assert not seen.exists()


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_what_an_interrupted_restore_left_is_said_and_the_next_clears_it(
    ending: signal.Signals,
    restore: Restore,
    snapshot: BackupRecord,
    served: MariaDb,
    vault: Vault,
    tmp_path: Path,
) -> None:
    hangs = spoilt(snapshot, vault, tmp_path, lambda text: text.replace(LAST, f"DO SLEEP(100);\n{LAST}"))
    told = tmp_path / "told"

    def run() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            restore(hangs)
        finally:
            told.write_text(json.dumps(vault.said))

    runner = multiprocessing.get_context("fork").Process(target=run)
    runner.start()
    asleep = "select count(*) from information_schema.processlist where user = 'backup' and info like 'DO SLEEP%'"
    until = time.monotonic() + 60
    while served.sql(asleep) == "0\n":
        assert time.monotonic() < until
        time.sleep(0.05)
    assert runner.pid is not None
    os.kill(runner.pid, ending)
    runner.join()
    assert f"BASE TABLE {MARK}" in things(served, "register_restored")
    if ending is signal.SIGINT:
        assert f"schema register_restored is left, not whole, with table {MARK}" in json.loads(told.read_text())[-1]
    while served.sql(asleep) != "0\n":  # the client is ended with the runner
        assert time.monotonic() < until
        time.sleep(0.05)
    restore(snapshot)
    assert (
        "health database prod/register: schema register_restored is what an interrupted restore left: it goes" in vault.said
    )
    assert served.sql(ROWS.format("register_restored")) == served.sql(ROWS.format("register"))
    assert f"BASE TABLE {MARK}" not in things(served, "register_restored")


def test_a_server_that_goes_away_in_the_middle_is_a_failure_that_says_what_is_left(
    restore: Restore, snapshot: BackupRecord, served: MariaDb, vault: Vault, tmp_path: Path
) -> None:
    killer = "KILL CONNECTION_ID();\n"
    bad = spoilt(snapshot, vault, tmp_path, lambda text: text.replace(LAST, killer + LAST))
    with pytest.raises(NotTakenError, match="ended with"):
        restore(bad)
    assert schemas(served) == {"register"}
