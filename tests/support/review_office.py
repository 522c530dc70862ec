"""A forge on a machine of its own, its webhooks, and the reviews that they call: what the system tests of reviews drive."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from forge_machine import ForgeMachine, run_forge_machine
from gitea_command import ensure_gitea
from real_forge import ADMIN, REPOSITORY, free_port
from review_desk import OWNER, Listener, Tried, open_desk

from tenants.installation import Installation

ANSWERED_SECONDS, APPLIED_SECONDS = 60.0, 240.0


@dataclass
class Office:
    """The forge on its machine, its people, and the reviews that its webhooks call."""

    desk: Tried
    machine: ForgeMachine
    at: str
    certificate: Path
    secret: str
    listener: Listener | None = None

    @contextmanager
    def hears(self) -> Iterator[Listener]:
        """Let the reviews listen where the forge's webhooks go."""
        with self.desk.listening(self.secret, self.at, self.certificate) as self.listener:
            yield self.listener

    def awaits(self, what: Callable[[], bool], seconds: float = ANSWERED_SECONDS) -> None:
        """Wait for what a message of the forge must bring about."""
        until = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < until, f"nothing came of it: {self.said()}"
            time.sleep(0.2)

    def agreed(self, branch: str, files: Mapping[str, str], *approvers: str) -> int:
        """Open a request of the owner's and bring it to where it may be merged; give its number."""
        self.desk.forge.push(OWNER, branch, dict(files))
        number = self.desk.forge.propose(OWNER, branch, f"Change {branch}")
        self.status(number, "pending", "waits for approval")
        for account in approvers:
            self.desk.forge.approve(account, number)
        self.status(number, "success", "may be merged")
        return number

    def said(self) -> str:
        """Give what the reviews said, and what the forge wrote down last."""
        heard = self.listener.said() if self.listener else "nobody listens"
        return f"{heard}\n{self.machine.ask('journalctl --unit gitea --lines 20 --output cat')}"

    def status(self, number: int, verdict: str, says: str = "") -> None:
        """Wait for a word on a request's head."""

        def there() -> bool:
            found = self.desk.verdicts(number).get("oneroof/plan", ("", ""))
            return found[0] == verdict and says in found[1]

        self.awaits(there)

    def result(self, number: int) -> tuple[str, str]:
        """Wait for what became of a merged request."""
        commit = self.desk.forge.request(number)["merge_commit_sha"]
        self.awaits(lambda: "oneroof/apply" in self.desk.forge.statuses(commit), APPLIED_SECONDS)
        return self.desk.forge.statuses(commit)["oneroof/apply"]


@contextmanager
def open_office(
    installation: Installation, command: Path, folder: Path, declared: Mapping[str, str] | None = None
) -> Iterator[Office]:
    """Boot the forge and seed it; its webhooks go to an address where nobody listens yet."""
    with (
        run_forge_machine(installation, ensure_gitea(), folder) as machine,
        open_desk(machine.forge, command, installation.home, declared) as desk,
    ):
        at, secret = f"{machine.hears}:{free_port(machine.hears)}", secrets.token_urlsafe(24)
        hook = {"url": f"https://{at}/", "content_type": "json", "secret": secret}
        events = ["pull_request", "pull_request_sync", "pull_request_review"]
        made = {"type": "gitea", "active": True, "events": events, "config": hook}
        machine.forge.do(ADMIN, "POST", f"/repos/{REPOSITORY}/hooks", made)
        yield Office(desk, machine, at, machine.authority.issue_both(machine.hears), secret)
