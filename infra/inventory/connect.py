"""One authenticated connection to the cloud of an installation, or to any entry of the user's own ``clouds.yaml``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


def connect_file(clouds: Path, cloud: str | None = None) -> Iterator[Connection]:
    """Connect by each entry of one ``clouds.yaml`` in turn, or by one of them; nothing else of this machine is looked at.

    A certificate that the file names and that is not there is taken from ``ca.pem`` beside it: files move.
    Raises :class:`UserError` where the file or the entry is not there.
    """
    import openstack
    from openstack.config import OpenStackConfig
    from openstack.exceptions import ConfigException

    if not clouds.is_file():
        raise UserError(Problem("there is no such file", "`oneroof department clouds` writes one.", clouds))
    try:
        config = OpenStackConfig(config_files=[str(clouds)], secure_files=[], vendor_files=[], load_envvars=False)
        names = config.get_cloud_names()
        if cloud is not None and cloud not in names:
            raise UserError(Problem(f"got cloud {cloud}, expected one of: {', '.join(names) or 'none'}", file=clouds))
        told = config.cloud_config["clouds"]
        regions = [
            config.get_one(cloud=name, api_timeout=_PATIENCE_SECONDS, **_trust(told[name].get("cacert"), clouds))
            for name in ([cloud] if cloud else names)
        ]
    except ConfigException as error:
        raise UserError(Problem(f"it cannot be used: {' '.join(str(error).split())}", file=clouds)) from error
    for region in regions:
        yield openstack.connection.Connection(config=region)


def _trust(told: str | None, clouds: Path) -> dict[str, Any]:
    beside = clouds.resolve().with_name("ca.pem")
    return {"cacert": str(beside)} if told and not Path(told).expanduser().is_file() and beside.is_file() else {}
