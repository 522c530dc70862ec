"""Grants that were given on their day, without a stack, and that no file says any more: an apply takes them back.

What a stack has, its next run takes back. What ``oneroof shares enforce`` gave since the last apply only the record knows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from infra.desired import cloud_path
from infra.provider.cloud import Cloud
from infra.provider.taking_back import take_back
from infra.sharing.grants import Standing
from infra.sharing.record import WITHDRAWN, Entry
from tenants.declaration.sharing import Grant

SHARE_TYPE = "oneroof:sharing:Grant"
"""What a plan calls it: no stack has such a resource."""


def find_stray(
    known: Iterable[Entry], stands: Collection[Standing], grants: Sequence[Grant], *, cloud: str, owner: str, today: date
) -> tuple[Entry, ...]:
    """Give the line by which each was given that is neither in the owner's stack nor in force as declared. Pure."""
    last = {entry.key: entry for entry in known if (entry.cloud, entry.owner) == (cloud, owner)}
    in_stack = {each.key for each in stands}
    in_force = {grant.key for grant in grants if grant.in_force(today)}
    return tuple(e for key, e in sorted(last.items()) if e.event != WITHDRAWN and key not in in_stack | in_force)


def take_stray_back(cloud: Cloud, entry: Entry, *, dry_run: bool = False) -> bool:
    """Take one back, tell whether it was there. Raises :class:`infra.provider.failure.CloudError`."""
    project, _, item = entry.place.partition("/")
    owner, grantee = cloud_path(f"{entry.owner}/{project}"), cloud_path(entry.grantee)
    return take_back(cloud, entry.kind, owner, item, grantee, dry_run=dry_run)


def describe_stray(entry: Entry) -> str:
    """Give it as people call it."""
    return f"{entry.kind} {entry.place} for {entry.grantee}, given on {entry.at[:10]} and no longer declared"
