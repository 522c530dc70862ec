"""A department of a system test's own in the cloud that stands, and the command as an operator runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.outcome import Outcome, load_outcome
from tenants.installation import Installation, repository

CLOUD = "oneroof"


class TrialDepartment:
    """A department declared in a folder of its own, with this checkout's catalogue and blueprints."""

    def __init__(self, slug: str, folder: Path) -> None:
        self.installation = Installation.current()
        self.slug, self.folder = slug, folder
        shutil.copy(repository() / "tenants" / "catalogue.yaml", folder)
        shutil.copytree(repository() / "tenants" / "blueprints", folder / "blueprints")

    def declare(self, text: str) -> None:
        (self.folder / f"{self.slug}.yaml").write_text(text)

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-c", "import oneroof; oneroof.main()", *words, "--cloud", CLOUD]

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        argv = self.argv(*words)
        return subprocess.run(argv, capture_output=True, text=True, env={**os.environ, **environment}, check=False)

    def on_declared(self, command: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the department as it is declared in the folder."""
        return self.run(command, self.slug, "--directory", str(self.folder), *words, **environment)

    def apply(self, *words: str) -> subprocess.CompletedProcess[str]:
        done = self.on_declared("apply", *words)
        assert done.returncode == 0, f"{done.stderr}\n{(self.folder / f'{self.slug}.yaml').read_text()}"
        return done

    def plan(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.on_declared("plan", *words, **environment)

    def outcome(self) -> Outcome:
        outcome = load_outcome(self.installation, self.slug, CLOUD)
        assert outcome is not None
        return outcome

    def withdraw(self) -> None:
        done = self.run("withdraw", self.slug, "--yes", "--erase-data")
        assert done.returncode == 0 or "never applied" in done.stderr, done.stderr


def descendants(pid: int) -> list[int]:
    """Give every process below one, deepest last."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found, queue = [], [pid]
    while queue:
        children = [child for child, parent in parents if parent == queue[0]]
        found += children
        queue = queue[1:] + children
    return found
