"""Reads what the cloud tells of one project at a time: limits of servers and volumes, and object containers.

A few projects a turn, those first whose reading is oldest, so that the calls of a turn do not depend on how many projects
there are. A reading that was not renewed in three rounds of all projects is dropped.
https://docs.openstack.org/api-ref/compute/#quota-sets-os-quota-sets ,
https://docs.openstack.org/api-ref/object-store/#show-account-details-and-list-containers
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from infra.inventory.object_account import Account, parse_account

if TYPE_CHECKING:
    from openstack.connection import Connection

CALLS_PER_PROJECT = 3
ROUNDS_UNTIL_OLD = 3


@dataclass(frozen=True)
class Told:
    """What the cloud told of one project. None where a service refused, or knows no such account."""

    read_at: float
    """Unix time."""
    turn: int
    compute: Mapping[str, int] | None
    """Limits by Nova's names; -1 is no limit."""
    block_storage: Mapping[str, int] | None
    account: Account | None


@dataclass(frozen=True)
class Rolled:
    """Everything that is known after a turn."""

    told: Mapping[str, Told]
    """Project's id to what was told."""
    failures: Mapping[str, str]
    """What failed in this turn, and why."""
    calls: int


class RollingReader:
    """Holds what was told of each project."""

    def __init__(self, connection: Connection, clock: Callable[[], float] = time.time) -> None:
        from infra.inventory.object_reader import ObjectReader

        self._connection = connection
        self._objects = ObjectReader.of(connection)
        self._clock = clock
        self._turn = 0
        self._told: dict[str, Told] = {}

    def read(self, projects: Iterable[str], calls: int) -> Rolled:
        """Read as many projects as so many calls allow, one at least; projects that are gone are forgotten."""
        known = tuple(projects)
        at_once = max(1, calls // CALLS_PER_PROJECT)
        self._turn += 1
        self._told = still_known(self._told, known, self._turn, at_once)
        failures: dict[str, str] = {}
        made = 0
        for project in choose(self._told, known, at_once):
            compute = self._guarded(failures, "compute quotas", partial(self._limits, "compute", project))
            storage = self._guarded(failures, "block storage quotas", partial(self._limits, "block_storage", project))
            account = self._guarded(failures, "object containers", partial(self._account, project))
            made += CALLS_PER_PROJECT
            self._told[project] = Told(self._clock(), self._turn, compute, storage, account)
        return Rolled(dict(self._told), failures, made)

    def _guarded(self, failures: dict[str, str], what: str, read: Callable[[], Any]) -> Any:
        from keystoneauth1.exceptions import ClientException
        from openstack.exceptions import SDKException

        try:
            return read()
        except (ClientException, SDKException) as error:
            failures[what] = str(error)
        except (KeyError, TypeError, ValueError) as error:
            failures[what] = f"unexpected answer: {type(error).__name__}: {error}"
        return None

    def _limits(self, service: str, project: str) -> Mapping[str, int]:
        from openstack.exceptions import raise_from_response

        response = getattr(self._connection, service).get(f"/os-quota-sets/{project}")
        raise_from_response(response)
        return {name: value for name, value in response.json()["quota_set"].items() if isinstance(value, int)}

    def _account(self, project: str) -> Account | None:
        if self._objects:
            return self._objects.account(self._connection, project)
        store: Any = self._connection.object_store
        own: str | None = store.get_endpoint()
        if own is None or "AUTH_" not in own:
            return None
        answer = store.get(f"{own[: own.rindex('AUTH_')]}AUTH_{project}?format=json")
        if answer.status_code in (403, 404):  # Ceph's gateway says 403 of an account that was never used
            return None
        from openstack.exceptions import raise_from_response

        raise_from_response(answer)
        return parse_account(answer.headers, answer.json())


def choose(told: Mapping[str, Told], projects: Iterable[str], count: int) -> tuple[str, ...]:
    """Give the projects to read now: those never read, then those read longest ago."""
    turn = {project: told[project].turn if project in told else -1 for project in projects}
    return tuple(sorted(turn, key=lambda project: (turn[project], project))[:count])


def still_known(told: Mapping[str, Told], projects: Iterable[str], turn: int, at_once: int) -> dict[str, Told]:
    """Leave out projects that are gone and readings that grew old."""
    known = set(projects)
    rounds = -(-len(known) // at_once)
    return {
        project: each
        for project, each in told.items()
        if project in known and turn - each.turn <= ROUNDS_UNTIL_OLD * max(rounds, 1)
    }
