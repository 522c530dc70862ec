"""One authenticated connection to the cloud of an installation, or to any entry of the user's own ``clouds.yaml``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.installation import Installation
from tenants.problem import Problem, UserError

if TYPE_CHECKING:
    from openstack.connection import Connection


def connect(installation: Installation, cloud: str = "oneroof") -> Connection:
    """Connect by the installation's ``clouds.yaml``, else where openstacksdk looks for one; authenticates lazily.

    Raises :class:`UserError` where no file has the entry.
    """
    import openstack
    from openstack.config import OpenStackConfig
    from openstack.exceptions import ConfigException

    own = [str(installation.clouds)] if installation.clouds.is_file() else None
    try:
        config = OpenStackConfig(config_files=own) if own else OpenStackConfig()
        region = config.get_one(cloud=cloud)
    except ConfigException as error:
        where = str(installation.clouds) if own else "openstacksdk's places"
        hint = "make up writes it for the lab; else set ONEROOF_HOME or OS_CLIENT_CONFIG_FILE"
        raise UserError(Problem(f"no cloud is called {cloud!r} in the clouds.yaml of {where}", hint)) from error
    return openstack.connection.Connection(config=region)
