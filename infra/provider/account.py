"""The account of a project in the object store, as the operator sees it: where it is, and how much may be in it.

Swift's account quotas: https://docs.openstack.org/swift/latest/api/account_quotas.html (Ceph's gateway speaks them too).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError

UNLIMITED = -1
_HEADER = "X-Account-Meta-Quota-Bytes"
_REMOVE = "X-Remove-Account-Meta-Quota-Bytes"
_LEAST = 1  # to the gateway 0 means no limit: what is to hold nothing holds one byte


@dataclass(frozen=True)
class AccountQuota:
    """What may be in an account at most; -1 is no limit."""

    bytes: int


def account_address(cloud: Cloud, project_id: str) -> str | None:
    """Give the address of a project's account; nothing where the cloud has no object store.

    Raises :class:`CloudError` where accounts are not told apart by address.
    """
    endpoint = cloud.object_store
    return build_address(endpoint, cloud.admin.current_project_id, project_id) if endpoint else None


def build_address(endpoint: str, own_project: str, project_id: str) -> str:
    """Give the account of another project from one's own, whose address ends with one's own project.

    >>> build_address("https://api:7480/swift/v1/AUTH_11", "11", "22")
    'https://api:7480/swift/v1/AUTH_22'
    """
    if not endpoint.endswith(own_project):
        raise CloudError(f"the object store at {endpoint} has no account in its address, so no project's can be told")
    return endpoint.removesuffix(own_project) + project_id


def parse_quota(told: str | None) -> AccountQuota:
    """Read the header of an account; without one there is no limit."""
    if told is None:
        return AccountQuota(UNLIMITED)
    return AccountQuota(0 if int(told) <= _LEAST else int(told))


def quota_headers(limit: int) -> dict[str, str]:
    """Give what sets a limit in bytes, or takes it away."""
    return {_REMOVE: "x"} if limit == UNLIMITED else {_HEADER: str(max(limit, _LEAST))}


def read_quota(cloud: Cloud, project_id: str) -> AccountQuota | None:
    """Ask for an account's limit; nothing where there is no such account, or no object store."""
    address = account_address(cloud, project_id)
    if address is None:
        return None
    response = cloud.admin.object_store.head(address)
    if response.status_code in (403, 404):  # the gateway forbids what is not there
        return None
    _raise_for(response)
    return parse_quota(response.headers.get(_HEADER))


def read_used(cloud: Cloud, project_id: str) -> int | None:
    """Ask how many bytes are in an account; nothing where there is no such account, or no object store, or no answer."""
    address = account_address(cloud, project_id)
    response = None if address is None else cloud.admin.object_store.head(address)
    if response is None or response.status_code >= 400:
        return None
    return int(response.headers.get("X-Account-Bytes-Used", 0))


def write_quota(cloud: Cloud, project_id: str, limit: int) -> None:
    """Set an account's limit in bytes; its first request, of its own project, makes an account that is not there yet."""
    address = account_address(cloud, project_id)
    if address is None:
        return  # a cloud without object store holds nothing that could be too much
    if limit != UNLIMITED:
        _raise_for(cloud.in_project(project_id).object_store.head(address))
    response = cloud.admin.object_store.post(address, headers=quota_headers(limit))
    if limit == UNLIMITED and response.status_code in (403, 404):
        return
    _raise_for(response)


def _raise_for(response: Any) -> None:
    from openstack.exceptions import raise_from_response

    raise_from_response(response)
