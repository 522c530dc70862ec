"""Containers in the object store, as the operator sees them: one account at a time, or all at once by Ceph's gateway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.inventory.object_reader import ObjectReader

if TYPE_CHECKING:
    from openstack.connection import Connection


@dataclass(frozen=True)
class HeldContainer:
    """A container of objects."""

    name: str
    bytes: int | None
    """None where only the name was asked for."""


class AccountError(Exception):
    """The account could not be read."""


def list_all_containers(connection: Connection) -> dict[str, tuple[HeldContainer, ...]] | None:
    """Give every project's containers by one call; None where the connection's entry has no key for that."""
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    if (reader := ObjectReader.of(connection)) is None:
        return None
    try:
        told = reader.containers(connection)
    except (ClientException, SDKException, ValueError) as error:
        raise AccountError(" ".join(str(error).split())) from error
    return {project: tuple(HeldContainer(name, None) for name in names) for project, names in told.items()}


def list_containers(connection: Connection, project_id: str, *, expected: bool) -> Iterator[HeldContainer]:
    """List the containers of a project; nothing where it has no account.

    Ceph's gateway answers 403 for an account that is not there: where one is ``expected``, that is an :class:`AccountError`.
    """
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    store, marker = connection.object_store, ""
    try:
        base, _, _ = str(store.get_endpoint()).rstrip("/").rpartition("/AUTH_")
        while True:
            answer = store.get(f"{base}/AUTH_{project_id}", params={"format": "json", "marker": marker})
            if answer.status_code in (204, 404) or (answer.status_code == 403 and not expected):
                return
            if answer.status_code != 200:
                raise AccountError(f"the object store answered {answer.status_code}")
            if not (page := answer.json()):
                return
            yield from (HeldContainer(str(told["name"]), int(told["bytes"])) for told in page)
            marker = str(page[-1]["name"])
    except (ClientException, SDKException, KeyError, ValueError) as error:
        raise AccountError(" ".join(str(error).split())) from error
