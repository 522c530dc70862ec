"""What is old is really removed from the lab's vault, from its own side alone; what is verified and young stays."""

from __future__ import annotations

import hashlib
import shlex
import ssl
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backup.command import Command, run
from backup.policy import load_policy
from backup.records import (
    BackupRecord,
    DeletionRecord,
    Outcome,
    RepositoryRecord,
    Source,
    append_records,
    load_backups,
    load_records,
)
from backup.restic import build_config, parse_repository_id
from backup.vault.lease import lease
from backup.vault.place import Place, at_machine
from backup.vault.records import PruneRecord
from backup.vault.retain import Retained, retain
from infra.lab.status import LabStatus
from tenants.installation import Installation
from tenants.machines import Machine, load_machine
from tenants.problem import UserError

pytestmark = [pytest.mark.system, pytest.mark.slow]
TRIAL = "trial-retention"
PASSWORD = "a-password-of-this-test-alone"  # noqa: S105
WHO_MAY = "/etc/oneroof/vault/htpasswd /etc/oneroof/vault/open"
HERE = f"/run/oneroof-{TRIAL}"
DAY = timedelta(days=1)
WITHIN = {"volume:prod/portal": 90 * DAY}
TERMS = load_policy().vault.model_copy(update={"keep_verified": 2})


@dataclass(frozen=True)
class Trial:
    """A repository of its own in the vault, as the cloud's side and as the vault's side reach it."""

    operations: Machine
    vault: Machine
    installation: Installation
    records: Path

    @property
    def place(self) -> Place:
        return at_machine(self.vault, TRIAL, PASSWORD)

    def restic(self, words: str, stdin: str = "") -> str:
        """Run restic on the operations host, by the credential that the cloud's side has."""
        place = f"--repository-file={HERE}/repository --password-file={HERE}/password"
        return on(self.operations, f"restic --cacert=/etc/oneroof/tls/ca.pem --no-cache {place} {words}", stdin)

    def ask(self, method: str, path: str) -> int:
        """Ask the vault's door for something by that credential; give the HTTP status."""
        address = f"https://{self.vault.variables['management_address']}:8000/{TRIAL}/{path}"
        request = urllib.request.Request(address, method=method)
        request.add_header("Authorization", "Basic " + b64encode(f"{TRIAL}:{PASSWORD}".encode()).decode())
        trust = ssl.create_default_context(cafile=str(self.installation.ca_certificate))
        try:
            with urllib.request.urlopen(request, context=trust, timeout=30) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code

    def store(self, days: float) -> BackupRecord:
        """Store a snapshot, and have it be of so many days ago: on the vault's own disk and on record."""
        at, content = datetime.now(UTC) - days * DAY, hashlib.sha256(str(days).encode()).hexdigest() * 20_000
        named = "--stdin-filename=/portal.raw --host=oneroof --tag=volume:prod/portal"
        words = f"backup --quiet --stdin {named} --time '{at:%F %T}'"
        before = self.snapshots()
        self.restic(words, content)
        (made,) = self.snapshots() - before
        on(self.vault, f"touch -d @{at.timestamp():.0f} /srv/vault/{TRIAL}/snapshots/{made}")
        told = (made, len(content), hashlib.sha256(content.encode()).hexdigest(), Outcome.VERIFIED)
        record = BackupRecord(TRIAL, Source.VOLUME, "prod/portal", at, at, *told)
        append_records(self.records, [record])
        return record

    def snapshots(self) -> set[str]:
        return set(on(self.vault, f"ls /srv/vault/{TRIAL}/snapshots").split())

    def retain(self, **options: bool) -> Retained:
        (known,) = load_records(RepositoryRecord, self.records)
        return retain(self.place, known, WITHIN, TERMS, self.records, "test@here", lambda _: None, **options)


def on(machine: Machine, script: str, stdin: str = "") -> str:
    done = run(Command(machine.ssh(script)), stdin=stdin.encode())
    assert done.ok, done.reason
    return done.stdout.decode()


@pytest.fixture
def trial(lab: LabStatus, installation: Installation, tmp_path: Path) -> Iterator[Trial]:  # noqa: ARG001 - it must run
    made = Trial(load_machine(installation, "operations"), load_machine(installation, "vaults"), installation, tmp_path)
    digest = b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()  # noqa: S324 - the store's own form
    line = shlex.quote(f"{TRIAL}:{{SHA}}{digest}")
    address = f"rest:https://{TRIAL}:{PASSWORD}@{made.vault.variables['management_address']}:8000/{TRIAL}/"
    on(made.vault, f"for file in {WHO_MAY}; do echo {line} >> $file; done; sleep 1.1")
    try:
        on(made.operations, f"umask 077; mkdir -p {HERE} && cat > {HERE}/repository", address)
        on(made.operations, f"umask 077; cat > {HERE}/password", PASSWORD)
        made.restic("init --quiet")
        found = parse_repository_id(made.place.demand(build_config(made.place.repository)).stdout)
        append_records(tmp_path, [RepositoryRecord(TRIAL, found, datetime.now(UTC))])
        yield made
    finally:
        on(made.operations, f"rm -rf {HERE}")
        on(made.vault, f"sed -i '/^{TRIAL}:/d' {WHO_MAY}; rm -rf /srv/vault/{TRIAL}")


def test_old_snapshots_go_from_the_vault_s_side_and_by_no_credential_of_the_cloud(trial: Trial) -> None:
    old = [trial.store(days) for days in (200, 100)]
    kept = [trial.store(days) for days in (50, 20, 0)]
    everything = {r.snapshot_id for r in (*old, *kept)}
    assert trial.snapshots() == everything

    def refused() -> None:
        for record in (*old, *kept):
            assert trial.ask("DELETE", f"snapshots/{record.snapshot_id}") in (403, 404)
        with pytest.raises(AssertionError):
            trial.restic(f"forget {kept[0].snapshot_id}")

    refused()
    assert trial.snapshots() == everything, "by the cloud's credential nothing goes"

    looked = trial.retain(dry_run=True)
    assert set(looked.chosen.goes) == {r.snapshot_id for r in old}
    assert trial.snapshots() == everything, "a dry run removes nothing"

    done = trial.retain()
    assert (done.removed, done.problems) == (2, ())
    assert done.freed > 0
    assert trial.snapshots() == {r.snapshot_id for r in kept} == {r.snapshot_id for r in load_backups(trial.records)}
    assert load_records(DeletionRecord, trial.records)[-1].outcome is Outcome.VERIFIED
    assert load_records(PruneRecord, trial.records)[-1].outcome is Outcome.GOOD

    refused()
    trial.restic("check --read-data")
    for record in kept:
        content = trial.restic(f"--no-lock dump {record.snapshot_id} /portal.raw")
        assert hashlib.sha256(content.encode()).hexdigest() == record.sha256
    again = trial.retain()
    assert (again.removed, again.freed, again.problems) == (0, 0, ())


def test_a_typo_in_the_policy_empties_nothing(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {trial.store(days).snapshot_id for days in (50, 40, 30, 20, 10)}
    monkeypatch.setitem(WITHIN, "volume:prod/portal", timedelta(hours=1))
    done = trial.retain()
    assert done.removed == 0
    assert any("at once" in problem for problem in done.problems), done.problems
    assert trial.snapshots() == kept


def test_one_retention_at_a_time_over_a_real_connection(trial: Trial) -> None:
    with (
        lease(trial.place, "ann@here"),
        pytest.raises(UserError, match="site-b: another retention is at work: ann@here"),
        lease(trial.place, "bob@there"),
    ):
        pytest.fail("two hold it")
    with lease(trial.place, "bob@there"):
        pass
