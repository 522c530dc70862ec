"""Takes a role away that no stack records."""

from __future__ import annotations

from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError, describe_failure
from infra.provider.identity import RoleAssignment
from infra.provider.values import Values


def withdraw_role(cloud: Cloud, assignment: Values, called: str) -> None:
    """Remove one assignment, told by the fields of its kind; one that is gone already is fine.

    Raises :class:`CloudError` where the cloud refuses.
    """
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    kind = RoleAssignment()
    try:
        kind.delete(cloud, kind.path(cloud, assignment), assignment)
    except (SDKException, ClientException) as error:
        raise CloudError(f"cannot withdraw role {called}: {describe_failure(error)}") from error
