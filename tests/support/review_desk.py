"""What the tests of reviews put on a real forge: two departments, their people, and the command as a job calls it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from real_forge import BOT, REPOSITORY, RealForge

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
projects:
  - name: pages
    networks: [{name: front, cidr: 10.23.48.0/24}]
"""
WITH_SERVER = (
    BASE
    + """\
    volumes: [{name: site, size_gib: 1, recovery: none}]
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
waivers:
  - {what: volume pages/site, reason: Made again at boot, approved_by: [it@parks.gov.example],
     approved_on: 2026-11-01, expires: 2028-12-31}
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


@dataclass(frozen=True)
class Tried:
    """The forge with the departments on it."""

    forge: RealForge
    command: Path
    home: Path
    """The installation's."""

    def review(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run ``oneroof review`` as the forge's job does."""
        told = {"ONEROOF_FORGE_TOKEN": self.forge.tokens[BOT], "ONEROOF_HOME": str(self.home), **environment}
        argv = [self.command, "review", *words, "--forge", "gitea", "--url", self.forge.url, "--repository", REPOSITORY]
        return subprocess.run(argv, capture_output=True, text=True, env={**os.environ, **told}, check=False)

    @contextmanager
    def listening(self, secret: str) -> Iterator[str]:
        """Run it as the service that hears webhooks; give its address."""
        told = {"ONEROOF_FORGE_TOKEN": self.forge.tokens[BOT], "ONEROOF_HOME": str(self.home)}
        environment = {**os.environ, **told, "ONEROOF_WEBHOOK_SECRET": secret}
        argv = [self.command, "review", "--listen", "127.0.0.1:0", "--forge", "gitea", "--url", self.forge.url]
        with subprocess.Popen(
            [*argv, "--repository", REPOSITORY], stderr=subprocess.PIPE, text=True, env=environment
        ) as process:
            assert process.stderr is not None
            said = process.stderr.readline()
            assert "listening on port" in said, said + process.stderr.read()
            try:
                yield f"http://127.0.0.1:{said.split()[-1]}/"
            finally:
                process.send_signal(signal.SIGINT)
                rest = process.stderr.read()
            assert process.wait() == 0, rest
            assert rest.rstrip().endswith("stopped"), rest

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
def open_desk(forge: RealForge, command: Path, home: Path) -> Iterator[Tried]:
    """Seed the forge; what the reviews kept of it in the installation's home is removed at the end."""
    forge.join(BOT, "read:user", "write:repository", "write:issue")
    for account in (OWNER, SECOND, STRANGER, OPERATOR):
        forge.join(account)
    catalogue = (default_directory() / CATALOGUE_NAME).read_text(encoding="utf-8")
    forge.begin(
        {
            f"tenants/{PARKS}.yaml": BASE,
            f"tenants/{WATER}.yaml": OTHER,
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
