"""Takes back what has ended straight in the cloud, without a stack: what the operations host does every day.

It only ever takes away. The next apply finds it gone and records the same; a grant that begins is given by an apply.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial

from infra.desired import cloud_path
from infra.provider.cloud import CLOUD_VARIABLE, Cloud
from infra.provider.failure import CloudError
from infra.provider.taking_back import take_back
from infra.sharing.record import append_entries, build_ended, record_file
from tenants.declaration.model import Department, Grant
from tenants.installation import Installation


@dataclass(frozen=True)
class Taken:
    """One grant that had ended and was still in the cloud."""

    owner: str
    grant: Grant
    failure: str = ""

    def __str__(self) -> str:
        what = f"{self.owner}: {self.grant.kind} {self.grant.place} for {self.grant.grantee}, ended on {self.grant.last_day}"
        return f"{what}: not taken back: {self.failure}" if self.failure else what


def ended(departments: Iterable[Department], today: date) -> tuple[tuple[str, Grant], ...]:
    """Give, by owner, the grants that are over and that no later one carries on."""
    return tuple(
        (department.name, grant)
        for department in departments
        for grant in department.shares
        if grant.last_day < today and not any(_same(grant, each) and each.in_force(today) for each in department.shares)
    )


def _same(one: Grant, other: Grant) -> bool:
    return (one.kind, one.place, one.grantee) == (other.kind, other.place, other.grantee)


def enforce(
    installation: Installation, cloud_name: str, departments: Iterable[Department], today: date, *, dry_run: bool
) -> tuple[Taken, ...]:
    """Take back what has ended; give what was still there. One that fails stops no other."""
    over = ended(departments, today)
    if not over:
        return ()
    cloud = Cloud({"OS_CLIENT_CONFIG_FILE": str(installation.clouds), CLOUD_VARIABLE: cloud_name})
    taken: list[Taken] = []
    for owner, grant in over:
        path = cloud_path(f"{owner}/{grant.project}")
        try:
            was_there = take_back(cloud, str(grant.kind), path, grant.item, cloud_path(grant.grantee), dry_run=dry_run)
        except CloudError as error:
            taken.append(Taken(owner, grant, str(error)))
            continue
        if was_there:
            taken.append(Taken(owner, grant))
            if not dry_run:
                build = partial(build_ended, grant=grant, cloud=cloud_name, owner=owner, now=datetime.now(UTC))
                append_entries(record_file(installation), build)
    return tuple(taken)
