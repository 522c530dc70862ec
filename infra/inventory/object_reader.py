"""Reads what Ceph's gateway holds of projects, by a key that may read the statistics of containers and nothing else.

A role that Keystone tells may write in the gateway as soon as it may read; a user of the gateway's own with the capability
``buckets=read`` and the operation mask ``read`` may not. Its key stands in the entry of ``clouds.yaml`` as
``object_reader: {access_key: …, secret_key: …}``; without it the accounts are read as the entry's own user.
https://docs.ceph.com/en/pacific/radosgw/adminops/#get-bucket-info
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from infra.inventory.object_account import Account, Container

if TYPE_CHECKING:
    from openstack.connection import Connection

_PATH = "/admin/bucket"


@dataclass(frozen=True)
class ObjectReader:
    """A key of the gateway, and the session of a connection whose catalogue names the gateway."""

    access_key: str
    secret_key: str

    @classmethod
    def of(cls, connection: Connection) -> ObjectReader | None:
        """Give the key of the connection's entry in ``clouds.yaml``, if it has one."""
        told = connection.config.config.get("object_reader")
        return cls(told["access_key"], told["secret_key"]) if told else None

    def account(self, connection: Connection, project: str) -> Account | None:
        """Give what a project holds; None where it never used the store. Raises SDKException."""
        from openstack.exceptions import raise_from_response

        answer = self._ask(connection, {"uid": f"{project}${project}", "stats": "true"})
        if answer.status_code == 404:
            return None
        raise_from_response(answer)
        return parse_buckets(answer.json())

    def containers(self, connection: Connection) -> dict[str, tuple[str, ...]]:
        """Give the names of all containers by project, in one call whatever their number. Raises SDKException."""
        from openstack.exceptions import raise_from_response

        answer = self._ask(connection, {})
        raise_from_response(answer)
        return parse_names(answer.json())

    def _ask(self, connection: Connection, query: Mapping[str, str]) -> Any:
        own = urlsplit(connection.object_store.get_endpoint() or "")
        session: Any = connection.session
        return session.get(
            f"{own.scheme}://{own.netloc}{_PATH}?{urlencode({**query, 'format': 'json'})}",
            authenticated=False,
            raise_exc=False,
            headers=sign(self.access_key, self.secret_key, _PATH, formatdate(usegmt=True)),
        )


def sign(access_key: str, secret_key: str, path: str, date: str, method: str = "GET") -> dict[str, str]:
    """Give the headers of a signed request without a body (AWS signature version 2, which every release takes).

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html
    """
    digest = hmac.digest(secret_key.encode(), f"{method}\n\n\n{date}\n{path}".encode(), hashlib.sha1)
    return {"Date": date, "Authorization": f"AWS {access_key}:{base64.b64encode(digest).decode()}"}


def parse_names(told: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Sort ``<project>/<container>``; a bucket of the gateway's own users, which has no project, is left out."""
    found: dict[str, tuple[str, ...]] = {}
    for each in told:
        project, of_project, name = each.partition("/")
        if of_project:
            found[project] = (*found.get(project, ()), name)
    return found


def parse_buckets(told: Iterable[Mapping[str, Any]]) -> Account:
    """Add up what each container holds: its objects, and what they had been cut into while they were uploaded."""
    listed = tuple(
        Container(
            each["bucket"],
            sum(int(part.get("size", 0)) for part in each["usage"].values()),
            sum(int(part["num_objects"]) for name, part in each["usage"].items() if name == "rgw.main"),
        )
        for each in told
    )
    return Account(sum(c.bytes for c in listed), sum(c.objects for c in listed), len(listed), listed)
