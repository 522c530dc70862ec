"""Who is in which group, by one call: Keystone tells a group's members one group at a time, and all where it resolves roles.

https://docs.openstack.org/api-ref/identity/v3/#list-role-assignments with ``effective``: an assignment that a user has by a
group carries the link of the membership. A group without any role is not in it. Keystone resolves each group on the way,
so it takes the longer the more there are: this is no part of the inventory that a plan reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.inventory.model import Failure
from infra.inventory.sources import Raw

if TYPE_CHECKING:
    from openstack.connection import Connection

SOURCE = "memberships"
_PATIENCE_SECONDS = 120
_LINK = re.compile(r"/groups/(?P<group>[^/]+)/users/(?P<user>[^/]+)$")


@dataclass(frozen=True)
class Memberships:
    """Pairs of group and user, by id; ``failure`` says why they could not be read."""

    pairs: frozenset[tuple[str, str]]
    failure: Failure | None = None


def collect_memberships(connection: Connection) -> Memberships:
    """Ask for every effective role assignment; what goes wrong is told in the result."""
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException, raise_from_response

    identity: Any = connection.identity
    try:
        response = identity.get("/role_assignments?effective", timeout=_PATIENCE_SECONDS)
        raise_from_response(response)
        return Memberships(parse_memberships(response.json()["role_assignments"]))
    except (ClientException, SDKException) as error:
        return Memberships(frozenset(), Failure(SOURCE, str(error)))
    except (KeyError, TypeError, ValueError) as error:
        return Memberships(frozenset(), Failure(SOURCE, f"unexpected answer: {type(error).__name__}: {error}"))


def parse_memberships(assignments: Iterable[Raw]) -> frozenset[tuple[str, str]]:
    """Give group and user of each link."""
    links = (_LINK.search(each["links"].get("membership", "")) for each in assignments)
    return frozenset((found["group"], found["user"]) for found in links if found)
