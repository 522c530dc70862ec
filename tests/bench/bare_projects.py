"""Bare projects for a benchmark, in a domain of their own, that are taken back whatever ends the benchmark.

Who begins takes back first what a keeper left that was killed itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from keeper import kept, wait_for_end

from infra.inventory.connect import connect
from tenants.installation import Installation

DOMAIN = "bench-exporter"


class Projects:
    """The projects of the domain."""

    def __init__(self, connection: Any, domain: str) -> None:
        self._identity, self._domain = connection.identity, domain

    def _found(self) -> Any:
        return next(self._identity.domains(name=self._domain), None)

    def grow(self, to: int, say: Callable[[str], None]) -> None:
        """Make projects until there are so many."""
        domain = self._found() or self._identity.create_domain(name=self._domain)
        there = {project.name for project in self._identity.projects(domain_id=domain.id)}
        for number in range(to):
            name = f"{self._domain}-{number:04}"
            if name not in there:
                self._identity.create_project(name=name, domain_id=domain.id)
                if number % 100 == 99:
                    say(f"{number + 1} of {to} bare projects")

    def remove(self) -> int:
        """Take all back, give how many: one by one, as Keystone takes minutes for a domain of a thousand projects."""
        domain, removed = self._found(), 0
        if domain is not None:
            while there := list(self._identity.projects(domain_id=domain.id)):
                for project in there:
                    self._identity.delete_project(project)
                    removed += 1
            self._identity.update_domain(domain, is_enabled=False)
            self._identity.delete_domain(domain)
        return removed


@contextmanager
def bare_projects(
    installation: Installation, cloud: str, say: Callable[[str], None], domain: str = DOMAIN
) -> Iterator[Projects]:
    """Give projects to grow; they are gone behind it, or soon after this process was killed."""
    projects = Projects(connect(installation, cloud), domain)
    if left := projects.remove():
        say(f"{left} bare projects of an earlier run taken back")
    with kept([__file__, str(installation.home), cloud, domain], f"projects of the domain {domain}"):
        try:
            yield projects
        finally:
            say("taking the projects back")


def main() -> None:
    """Wait until the benchmark is over, then take its projects back."""
    wait_for_end()
    Projects(connect(Installation(Path(sys.argv[1])), sys.argv[2]), sys.argv[3]).remove()


if __name__ == "__main__":
    main()
