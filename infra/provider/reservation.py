"""Asks Neutron again where it refused for a limit that is not reached.

Neutron counts a thing that is being made twice, as there and as reserved, until the request that makes it has ended
(``neutron/db/quota/driver_nolock.py``, release 29): another request meanwhile is refused although there is room. A refusal
made nothing, so it can be asked again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from infra.provider.cloud import Cloud

_TRIES = 20
_REST_SECONDS = 0.5
_T = TypeVar("_T")


def within_quota(cloud: Cloud, project_id: str | None, make: Callable[[], _T]) -> _T:
    """Give what ``make`` gives; a limit that is truly reached is told at once, as Neutron told it."""
    from openstack.exceptions import ConflictException

    for _ in range(_TRIES):
        try:
            return make()
        except ConflictException as error:
            named = parse_over_quota(str(getattr(error, "details", "") or error))
            if not (named and project_id) or not _has_room(cloud, project_id, named) or cloud.stopping.wait(_REST_SECONDS):
                raise
    return make()


def parse_over_quota(message: str) -> tuple[str, ...]:
    """Give the resources that Neutron says are used up, such as ``network``; none where it says something else."""
    said = re.search(r"Quota exceeded for resources: \[([^\]]*)\]", message)
    return tuple(re.findall(r"'(\w+)'", said.group(1))) if said else ()


def _has_room(cloud: Cloud, project_id: str, named: tuple[str, ...]) -> bool:
    response: Any = cloud.admin.network.get(f"/quotas/{project_id}/details.json")
    if response.status_code != 200:
        return False
    return has_room(response.json()["quota"], named)


def has_room(details: dict[str, dict[str, int]], named: tuple[str, ...]) -> bool:
    """Tell whether fewer things are there than each limit allows, whatever is reserved; -1 is no limit."""
    return all(limit["limit"] < 0 or limit["used"] < limit["limit"] for limit in (details[name] for name in named))
