"""What the tests of reviews put on a real forge: two departments, their people, and the command as a job calls it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from real_forge import BOT, REPOSITORY, RealForge
from trial_department import descendants

from infra.review.policy import POLICY_PATH
from tenants.declaration.load import CATALOGUE_NAME, default_directory
from tenants.installation import repository

PARKS, WATER = "review-parks", "review-water"
OWNER, SECOND, STRANGER, OPERATOR = "parks-it", "parks-security", "water-it", "ops-chen"

POLICY = """
operations: [ops-chen, ops-sun]
people:
  it@parks.gov.example: [parks-it]
  security@parks.gov.example: [parks-security]
  it@water.gov.example: [water-it]
approvals:
  new_department: [operations]
  owners: [operations]
  quota: [operations]
  deletion: [owner]
  data: [owner, operations]
  sharing: [partner]
  production: [owner]
  others: [operations]
quota_growth_percent: 20
"""
BASE = """\
name: review-parks
local_name: Parks, for the tests of reviews
owners: [it@parks.gov.example, security@parks.gov.example]
cost_centre: T-1
waivers:
  - {what: volume pages/site, reason: Made again at boot, approved_by: [it@parks.gov.example],
     approved_on: 2026-11-01, expires: 2028-12-31}
projects:
  - name: pages
    networks: [{name: front, cidr: 10.23.48.0/24}]
    volumes: [{name: site, size_gib: 1, recovery: none}]
"""
WITH_SERVER = (
    BASE
    + """\
    servers:
      - name: web
        flavor: tiny
        image: tiny
        volumes: [site]
        floating_ip: true
        probe: {expect: Open until dusk}
        user_data: |
          #!/bin/sh
          mkdir -p /srv/www
          echo 'Open until dusk' >/srv/www/index.html
"""
)
OTHER = """\
name: review-water
local_name: Water, for the tests of reviews
owners: [it@water.gov.example]
cost_centre: T-2
projects:
  - name: pages
    networks: [{name: front, cidr: 10.23.49.0/24}]
"""


class Listener:
    """The service that hears webhooks, as it runs."""

    def __init__(self, process: subprocess.Popen[str], log: IO[str], host: str) -> None:
        self.process, self._log, self._host = process, log, host
        self.port, self.was_killed = "", False

    @property
    def address(self) -> str:
        return f"{self._host}:{self.port}/"

    def said(self) -> str:
        """Give all that it said until now."""
        self._log.seek(0)
        return self._log.read()

    def await_port(self) -> None:
        until = time.monotonic() + 60
        while not (found := re.search(r"listening on port (\d+)", self.said())):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < until, self.said()
            time.sleep(0.1)
        self.port = found[1]

    def kill(self) -> None:
        """Kill it with everything that it started, as a power cut does."""
        for pid in (self.process.pid, *descendants(self.process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.was_killed = True


@dataclass(frozen=True)
class Tried:
    """The forge with the departments on it."""

    forge: RealForge
    command: Path
    home: Path
    """The installation's."""

    def review(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run ``oneroof review`` as the forge's job does."""
        return subprocess.run(
            self._argv(*words), capture_output=True, text=True, env=self._environment(**environment), check=False
        )

    @contextmanager
    def listening(self, secret: str, at: str = "127.0.0.1:0", certificate: Path | None = None) -> Iterator[Listener]:
        """Run it as the service that hears webhooks, until the end of the block."""
        tls = ("--certificate", str(certificate)) if certificate else ()
        argv = self._argv("--listen", at, *tls)
        environment = self._environment(ONEROOF_WEBHOOK_SECRET=secret)
        with (
            tempfile.TemporaryFile("w+") as log,
            subprocess.Popen(argv, stdout=log, stderr=log, text=True, env=environment) as process,
        ):
            listener = Listener(process, log, f"{'https' if certificate else 'http'}://{at.rpartition(':')[0]}")
            listener.await_port()
            try:
                yield listener
            finally:
                if not listener.was_killed:
                    process.send_signal(signal.SIGINT)
            ended = process.wait()
            assert listener.was_killed or (ended == 0 and listener.said().rstrip().endswith("stopped")), listener.said()

    def _argv(self, *words: str) -> list[str]:
        where = ["--forge", "gitea", "--url", self.forge.url, "--repository", REPOSITORY]
        where += ["--authority", self.forge.authority] if self.forge.authority else []
        return [str(self.command), "review", *words, *where]

    def _environment(self, **more: str) -> dict[str, str]:
        told = {"ONEROOF_FORGE_TOKEN": self.forge.tokens[BOT], "ONEROOF_HOME": str(self.home)}
        return {**os.environ, **told, **more}

    def comment(self, number: int) -> str:
        """Give the text of the one comment on a request."""
        comments = self.forge.comments(number)
        assert [each["user"]["login"] for each in comments] == [BOT]
        return str(comments[0]["body"])

    def verdicts(self, number: int) -> dict[str, tuple[str, str]]:
        """Give every status of a request's head."""
        return self.forge.statuses(self.forge.request(number)["head"]["sha"])

    def verdict(self, number: int) -> tuple[str, str]:
        """Give the status of a request's head."""
        return self.verdicts(number)["oneroof/plan"]


@contextmanager
def open_desk(forge: RealForge, command: Path, home: Path, declared: Mapping[str, str] | None = None) -> Iterator[Tried]:
    """Seed the forge, with other declarations of the two where they are told.

    What the reviews kept of it in the installation's home is removed at the end.
    """
    forge.join(BOT, "read:user", "write:repository", "write:issue")
    for account in (OWNER, SECOND, STRANGER, OPERATOR):
        forge.join(account)
    catalogue = (default_directory() / CATALOGUE_NAME).read_text(encoding="utf-8")
    forge.begin(
        {
            **{f"tenants/{slug}.yaml": text for slug, text in (declared or {PARKS: BASE, WATER: OTHER}).items()},
            f"tenants/{CATALOGUE_NAME}": catalogue,
            POLICY_PATH: POLICY,
            "playbooks/site.yml": "- hosts: all\n",
            ".github/workflows/review.yml": (repository() / ".github/workflows/review.yml").read_text(encoding="utf-8"),
        }
    )
    for account in (BOT, OWNER, SECOND, STRANGER, OPERATOR):
        forge.admit(account)
    try:
        yield Tried(forge, command, home)
    finally:
        shutil.rmtree(home / "reviews" / REPOSITORY.replace("/", "+"), ignore_errors=True)
