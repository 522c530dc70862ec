"""One authenticated connection to the cloud of an installation, or to any entry of the user's own ``clouds.yaml``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.installation import Installation
from tenants.problem import Problem, UserError

if TYPE_CHECKING:
    from openstack.connection import Connection

_PATIENCE_SECONDS = 20  # for one answer: a service that hangs must not hang who asks what is wrong


def connect(installation: Installation, cloud: str = "oneroof") -> Connection:
    """Connect by the installation's ``clouds.yaml``, else where openstacksdk looks for one; authenticates lazily.

    Raises :class:`UserError` where no file has the entry.
    """
    import openstack
    from openstack.config import OpenStackConfig
    from openstack.exceptions import ConfigException

    config = None
    own = [str(installation.clouds)] if installation.clouds.is_file() else None
    try:
        config = OpenStackConfig(config_files=own) if own else OpenStackConfig()
        region = config.get_one(cloud=cloud, api_timeout=_PATIENCE_SECONDS)
    except ConfigException as error:
        hint = "`oneroof deploy` writes the lab's; another file is named by ONEROOF_HOME or OS_CLIENT_CONFIG_FILE."
        if own:
            known = ", ".join(config.get_cloud_names()) if config else "none"
            raise UserError(Problem(f"got cloud {cloud}, expected one of: {known}", hint, installation.clouds)) from error
        raise UserError(Problem(f"there is no clouds.yaml with a cloud {cloud}", hint)) from error
    return openstack.connection.Connection(config=region)
