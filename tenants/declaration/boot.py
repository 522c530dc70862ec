"""What a server is told to do when it boots: a script, or cloud-init's configuration."""

from __future__ import annotations

import yaml

CLOUD_CONFIG = "#cloud-config"
"""First line of a configuration for cloud-init: https://cloudinit.readthedocs.io/en/latest/explanation/format.html"""
MAX_BYTES = 49_000
"""Nova takes 65,535 bytes after base64."""


def is_cloud_config(user_data: str) -> bool:
    """Tell whether it is for cloud-init, and no script that any image can run."""
    return user_data.split("\n", 1)[0].rstrip() == CLOUD_CONFIG


def check_user_data(user_data: str) -> str:
    """Give it as it is; raises ValueError with what is wrong, as a sentence."""
    if (size := len(user_data.encode())) > MAX_BYTES:
        raise ValueError(f"got {size} bytes, expected at most {MAX_BYTES}")
    if is_cloud_config(user_data):
        _check_cloud_config(user_data)
    elif user_data and not user_data.startswith("#!"):
        raise ValueError(f"expected a script whose first line starts with #!, or {CLOUD_CONFIG}")
    return user_data


def _check_cloud_config(text: str) -> None:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in its line {mark.line + 1}" if mark else ""
        raise ValueError(
            f"got {CLOUD_CONFIG} that is not YAML{where}, expected a mapping such as packages: [nginx]"
        ) from None
    except RecursionError:
        raise ValueError(f"got {CLOUD_CONFIG} nested too deep, expected a mapping such as packages: [nginx]") from None
    if not isinstance(value, dict):
        raise ValueError(f"got {CLOUD_CONFIG} without keys, expected a mapping such as packages: [nginx]")
