"""Two machines at once, a vault that was away for days, a credential that is no more, clocks that disagree."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from pathlib import Path

import pytest
from real_vault import Vault, serve

from backup.due import backups_due
from backup.ending import Ending, judge
from backup.plan import Job
from backup.policy import load_policy
from backup.records import (
    BackupRecord,
    DeletionRecord,
    Outcome,
    Source,
    append_records,
    load_backups,
    load_records,
    newest_restorable,
)
from backup.sources.taken import NotTakenError, Taken
from backup.vault.retain import retain

pytestmark = pytest.mark.slow
DAY = timedelta(days=1)
JOB = Job("health", Source.VOLUME, "prod/portal", "gold", timedelta(hours=4), timedelta(0), 14 * DAY)


def record(taken: Taken) -> BackupRecord:
    made = (taken.snapshot_id, taken.bytes, taken.sha256)
    return BackupRecord("health", Source.VOLUME, "prod/portal", taken.taken_at, datetime.now(UTC), *made, Outcome.GOOD)


def due(vault: Vault) -> tuple[Job, ...]:
    return backups_due([JOB], newest_restorable(load_backups(vault.records)), datetime.now(UTC))


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be another machine")
def test_two_machines_at_once_both_store_whole_snapshots(vault: Vault) -> None:
    vault.open()
    other = subprocess.Popen(
        ["unshare", "--uts", "sh", "-c", "hostname elsewhere && exec restic backup --stdin --stdin-filename=/theirs"],
        env={**os.environ, **vault.repository.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    content = os.urandom(400_000)
    assert other.stdin
    other.stdin.write(content[:200_000])
    other.stdin.flush()
    until = time.monotonic() + 30
    while not any(f.stat().st_size for f in (vault.files / "locks").iterdir()):
        assert time.monotonic() < until
        time.sleep(0.02)
    ours = vault.store()
    locked = vault.check(timedelta(0))
    assert judge(locked, vault.repository.version) is Ending.LOCKED, "the check waits for the other machine"
    other.stdin.write(content[200_000:])
    other.stdin.close()
    assert other.wait() == 0, "nobody took its lock away"
    assert vault.check(timedelta(seconds=30)).ok
    assert len(vault.snapshots()) == 2
    theirs = next(s["id"] for s in vault.snapshots() if s["id"] != ours.snapshot_id)
    assert vault.restic("dump", theirs, "/theirs").stdout[-1000:] == content[-1000:]
    assert vault.restic("check", "--read-data").ok


def test_a_vault_that_was_away_for_days_is_caught_up_with(vault: Vault) -> None:
    vault.open()
    vault.store_aged(3, outcome=Outcome.GOOD)
    address = vault.repository.repository_file.read_text()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        away = re.sub(r":\d+/", f":{closed.getsockname()[1]}/", address)
        vault.repository.repository_file.write_text(away)
        asked = subprocess.Popen(
            ["timeout", "--signal=INT", "5", "restic", "--no-cache", "snapshots"],
            env={**os.environ, **vault.repository.environment},
            stderr=subprocess.DEVNULL,
        )
        assert asked.wait() != 0
        assert due(vault) == (JOB,), "what was missed stays due"
    vault.repository.repository_file.write_text(address)
    append_records(vault.records, [record(vault.store())])
    assert due(vault) == (), "one run makes up for all that were missed"
    assert len(vault.snapshots()) == 2


def test_a_revoked_credential_is_named_and_loses_nothing(
    vault: Vault, image_program: Callable[[str], Path], tmp_path: Path
) -> None:
    htpasswd = tmp_path / "htpasswd"

    def allow(password: str) -> None:
        digest = b64encode(sha1(password.encode()).digest()).decode()  # noqa: S324 - the store's own form
        htpasswd.write_text(f"health:{{SHA}}{digest}\n")

    allow("abcd")
    with serve(image_program("rclone"), vault.files.parent, "--private-repos", "--htpasswd", str(htpasswd)) as port:
        vault.repository.repository_file.write_text(f"rest:http://health:abcd@127.0.0.1:{port}/health/")
        vault.open()
        taken = vault.store()
        time.sleep(1.1)  # the store looks at the file's time, whole seconds
        allow("another")
        with pytest.raises(NotTakenError, match=Ending.REFUSED):
            vault.open()
        time.sleep(1.1)
        allow("abcd")
        vault.open()
        assert [s["id"] for s in vault.snapshots()] == [taken.snapshot_id]


@pytest.mark.parametrize("wrong", ["+10 days", "-10 days"])
def test_nothing_goes_while_the_clocks_disagree(vault: Vault, wrong: str) -> None:
    known = vault.open()
    for age in (100, 50, 1):
        vault.store_aged(age)
    clock = f"date() {{ command date --date='{wrong}' \"$@\"; }}; "
    place = replace(vault.place(), reach=lambda script: ("bash", "-c", clock + script))
    terms = load_policy().vault.model_copy(update={"keep_verified": 1})
    done = retain(place, known, {"volume:prod/portal": 90 * DAY}, terms, vault.records, "me@here", vault.said.append)
    assert done.removed == 0
    assert any("the vault's clock says" in problem for problem in done.problems)
    assert load_records(DeletionRecord, vault.records) == ()
    assert len(vault.snapshots()) == 3
