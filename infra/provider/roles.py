"""Roles beside those of a stack: the provisioner's in an adopted project, and those that nobody declared."""

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


def grant_role(cloud: Cloud, role: str, project_id: str, called: str) -> None:
    """Let the provisioner itself work in a project that lies outside of its department's domain; twice is once.

    Raises :class:`CloudError` where the cloud refuses.
    """
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    kind = RoleAssignment()
    wish = {"role": role, "is_provisioner": True, "project_id": project_id, "group_id": "", "user_id": "", "domain_id": ""}
    try:
        kind.create(cloud, {**wish, "is_inherited": False})
    except (SDKException, ClientException) as error:
        raise CloudError(f"cannot work in project {called}: {describe_failure(error)}") from error
