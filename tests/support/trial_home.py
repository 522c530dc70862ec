"""A home of its own for a trial on the real cloud, and real backups of its departments on the operations host.

What is tried neither shows in the installation's evidence nor in its stacks. The repository of a trial lies on the
operations host itself; everything else is the product's own code, brought there from this checkout.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import openstack
import yaml
from openstack.connection import Connection

from backup.command import Command, run
from backup.exchange import accept
from infra.outcome import load_outcome
from tenants.installation import Installation, repository
from tenants.machines import Machine, load_machine

SITE = "/var/lib/oneroof/site"
PYTHON = "/opt/oneroof/.venv/bin/python"
CLOUD = "oneroof"
_BACK_UP = """
from datetime import timedelta
from pathlib import Path
from sys import argv
from backup.checking import check_repository
from backup.keys import installed_repository
from backup.opening import open_repository, probe_version
from backup.plan import build_jobs, select_jobs
from backup.policy import load_policy
from backup.records import load_backups, load_records
from backup.restore.record import RestoreRecord
from backup.restore.requests import judge
from backup.restore.running import run_wishes
from backup.runner import run_jobs
from dataclasses import replace
from datetime import UTC, datetime
from tenants.declaration.load import load_departments
from tenants.installation import Installation

def restored(home):
    return load_records(RestoreRecord, home.records)

folder, slug, what = Path(argv[1]), argv[2], argv[3]
home, restic = Installation(folder / argv[4]), folder / "restic"
jobs = select_jobs(build_jobs(load_departments(folder / "declared"), load_policy()), [slug])
if what == "run":
    ended = run_jobs(jobs, home, print, restic)
    assert [record.outcome for record in ended] == ["good"] * len(jobs), ended
elif what == "restore":
    today = datetime.now(UTC).date()
    asked = judge(load_departments(folder / "declared"), load_backups(home.records), restored(home), today)
    for record in run_wishes([each.wish for each in asked if each.wish], home, print, restic):
        print(record.outcome, record.target, record.reason)
else:
    vault = replace(installed_repository(slug, home.home / "cache", restic), version=probe_version(print))
    known = open_repository(vault, home.records, print)
    doubt = check_repository(vault, known, timedelta(days=1), home.records, print, everything=True)
    assert not doubt, doubt
"""


def build_home(known: Installation, folder: Path) -> Installation:
    """Give a home with the ways to the installation's cloud, what all share as applied there, and nothing else.

    Its inventory names no operations host, so that no evidence goes there.
    """
    home = Installation(folder / known.name)
    home.inventory.parent.mkdir(parents=True)
    for file in (known.clouds, known.ca_certificate, known.secrets):
        shutil.copy2(file, home.home)
    inventory = yaml.safe_load(known.inventory.read_text())
    for group in ("operations", "vaults"):
        inventory["all"]["children"].pop(group)
    home.inventory.write_text(yaml.safe_dump(inventory))
    shared = [Path(".pulumi/meta.yaml"), Path(f".pulumi/stacks/{CLOUD}/cloud.json"), Path(f"work/{CLOUD}/cloud")]
    for part in shared:
        source, target = known.pulumi_state / part, home.pulumi_state / part
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy2(source, target)
    home.stamps.mkdir()
    shutil.copy2(known.stamps / f"apply-{CLOUD}", home.stamps)
    return home


class Trial:
    """A department of a test's own in a home of its own, and the command as an operator runs it."""

    def __init__(self, known: Installation, folder: Path, slug: str) -> None:
        self.slug = slug
        self.home = build_home(known, folder)
        self.declared = folder / "declared"
        self.declared.mkdir()
        catalogue = (repository() / "tenants" / "catalogue.yaml").read_text()
        assert "quarantine_days: 7" in catalogue
        (self.declared / "catalogue.yaml").write_text(catalogue.replace("quarantine_days: 7", "quarantine_days: 0"))

    def declare(self, text: str) -> None:
        (self.declared / f"{self.slug}.yaml").write_text(text)

    def run(self, *words: str, code: int = 0) -> str:
        """Run a command that must end with a code; give all that it said."""
        argv = [sys.executable, "-c", "import oneroof; oneroof.main()", *words]
        environment = {**os.environ, "ONEROOF_HOME": str(self.home.home)}
        done = subprocess.run(argv, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def on_department(self, command: str, *words: str, code: int = 0) -> str:
        return self.run(command, self.slug, "--directory", str(self.declared), *words, code=code)

    def project(self, name: str) -> dict[str, Any]:
        outcome = load_outcome(self.home, self.slug, CLOUD)
        assert outcome is not None
        return dict(next(project for project in outcome.projects if project["name"] == name))

    def withdraw(self) -> None:
        if (self.home.pulumi_state / f".pulumi/stacks/{CLOUD}/{self.slug}.json").exists():
            self.run("withdraw", self.slug, "--yes", "--erase-data")

    def user(self, project: str) -> Connection:
        """Give the local user's connection to a project, with a token of its own."""
        file = Path(self.run("department", "clouds", self.slug, "--output", str(self.home.home / "user.yaml")).strip())
        config = openstack.config.OpenStackConfig(config_files=[str(file)])
        return Connection(config=config.get_one(cloud=f"{self.slug}-{project}-operator"))


@dataclass(frozen=True)
class TrialBackup:
    """Backups of one department of a trial, on the operations host."""

    host: Machine
    slug: str
    declared: Path
    home: Installation

    @property
    def folder(self) -> str:
        """Where everything of it lies there."""
        return f"/var/tmp/oneroof-trial-{self.slug}"  # noqa: S108 - root is alone there

    def prepare(self) -> None:
        """Bring this checkout's code and the trial's declarations there."""
        self.remove()
        vault = f"{self.folder}/restic/{self.slug}"
        script = (
            f"umask 077 && mkdir -p {self.folder}/home {vault} && tar -xf - -C {self.folder} && "
            f"cp {SITE}/clouds.yaml {self.folder}/home/ && printf %s {self.folder}/vault > {vault}/repository && "
            f"head -c 32 /dev/urandom | base64 -w0 > {vault}/password"
        )
        root = repository()
        files = [(file, file.relative_to(root)) for part in ("tenants", "backup") for file in (root / part).rglob("*")]
        files += [(file, Path("declared") / file.name) for file in self._declared()]
        self._on(script, _pack((file, place) for file, place in files if file.suffix in (".py", ".yaml")))

    def back_up(self) -> None:
        """Take a snapshot of everything of the department, and bring the evidence here."""
        self._python("run")

    def reread(self) -> None:
        """Read every pack again, which verifies the snapshots, and bring the evidence here."""
        self._python("check")

    def restore(self, home: str = "home") -> str:
        """Do what the department asks to have back, as it is declared now; give what was said.

        What is done in another home there is on record in that one alone.
        """
        self._on(f"tar -xf - -C {self.folder}", _pack((f, Path("declared") / f.name) for f in self._declared()))
        return self._python("restore", home)

    def on_host(self, script: str) -> str:
        """Run a script where the backups run; give what it printed."""
        return self._on(script).decode()

    def remove(self) -> None:
        """Take everything of it away."""
        self._on(f"rm -rf {self.folder}")

    def _declared(self) -> list[Path]:
        return sorted(self.declared.glob("*.yaml"))

    def _python(self, what: str, home: str = "home") -> str:
        words = shlex.join([PYTHON, "-c", _BACK_UP, self.folder, self.slug, what, home])
        said = self._on(f"cd {self.folder} && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH={self.folder} {words}")
        listed = self._on(f"cd {self.folder}/home/records/ledger && tar -cf - *.jsonl")
        with tarfile.open(fileobj=BytesIO(listed)) as archive:
            members = [(Path(member.name).stem, archive.extractfile(member)) for member in archive.getmembers()]
            tails = {ledger: stream.read() for ledger, stream in members if stream is not None}
        held = {file.stem: file.stat().st_size for file in (self.home.records / "ledger").glob("*.jsonl")}
        accept(self.home.records, {ledger: content[held.get(ledger, 0) :] for ledger, content in tails.items()})
        return said.decode()

    def _on(self, script: str, stdin: bytes = b"") -> bytes:
        done = run(Command(self.host.ssh(script)), stdin=stdin)
        assert done.ok, f"{done.reason}\n{done.stdout.decode(errors='replace')[-2000:]}"
        return done.stdout


def build_backup(known: Installation, home: Installation, slug: str, declared: Path) -> TrialBackup:
    """Give the backups of a trial's department, prepared."""
    made = TrialBackup(load_machine(known, "operations"), slug, declared, home)
    made.prepare()
    return made


def _pack(files: Iterable[tuple[Path, Path]]) -> bytes:
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for file, place in files:
            archive.add(file, arcname=str(place))
    return packed.getvalue()
