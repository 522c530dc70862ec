"""Where one installation keeps what it knows: names of paths, nothing else.

An *installation* is one cloud with its departments. Its home holds secrets, state and evidence, so it lies outside the
repository and is readable by its owner alone. The lab's home is made by ``oneroof lab up``; on the operations host it is
made by the ``operations`` role.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tenants.problem import Problem, UserError

DEFAULT_LAB = "oneroof"


def repository() -> Path:
    """Give the checkout (or installed tree) that this code runs from."""
    return Path(__file__).resolve().parent.parent


def cache_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Give the folder of what can be made again: images, the pulumi command, wheels (``ONEROOF_CACHE``)."""
    return Path(environ.get("ONEROOF_CACHE", "/var/cache/oneroof"))


def state_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Give the folder of what cannot be made again: the homes of all installations (``ONEROOF_STATE``)."""
    return Path(environ.get("ONEROOF_STATE", "/var/lib/oneroof"))


def lab_name(environ: Mapping[str, str] = os.environ) -> str:
    """Give the name of the lab that commands mean when none is told (``ONEROOF_LAB``); raise UserError for a path."""
    name = environ.get("ONEROOF_LAB") or DEFAULT_LAB
    if "/" in name or name.startswith("."):
        raise UserError(Problem(f"ONEROOF_LAB: got {name}, expected a name such as {DEFAULT_LAB}, not a path"))
    return name


@dataclass(frozen=True)
class Installation:
    """The paths of one installation."""

    home: Path

    @classmethod
    def current(cls, environ: Mapping[str, str] = os.environ) -> Installation:
        """Give the installation of ``ONEROOF_HOME``, else of the lab that is meant."""
        if told := environ.get("ONEROOF_HOME"):
            return cls(Path(told))
        return cls(state_directory(environ) / "labs" / lab_name(environ))

    @classmethod
    def existing(cls, environ: Mapping[str, str] = os.environ) -> Installation:
        """Give the current installation; raise UserError where nothing was ever built, or it is another user's."""
        found = cls.current(environ)
        if not found.home.is_dir():
            raise found.absent()
        if found.clouds.exists() and not os.access(found.clouds, os.R_OK):
            raise UserError(Problem("this user may not read it", "Run it as its owner: root, in the lab.", found.clouds))
        return found

    def absent(self) -> UserError:
        """Give the one sentence for a home in which no machine was ever declared: neither a lab nor a site's inventory."""
        hint = "`oneroof up` builds one in the lab; ONEROOF_LAB or ONEROOF_HOME names another."
        return UserError(Problem(f"there is no installation in {self.home}", hint))

    @property
    def name(self) -> str:
        """Name of the installation: the last part of its home."""
        return self.home.name

    @property
    def clouds(self) -> Path:
        """``clouds.yaml`` for openstacksdk; the entry ``oneroof`` is the operator's."""
        return self.home / "clouds.yaml"

    @property
    def ca_certificate(self) -> Path:
        """Certificate of the authority that signed every endpoint, PEM."""
        return self.home / "ca.pem"

    @property
    def secrets(self) -> Path:
        """Generated passwords, encrypted by ansible-vault."""
        return self.home / "secrets.yml"

    @property
    def secrets_key(self) -> Path:
        """Key of :attr:`secrets`, kept apart from it."""
        config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        return config / "oneroof" / "keys" / self.name

    @property
    def inventory(self) -> Path:
        """Ansible inventory of the installation's machines."""
        return self.home / "inventory" / "hosts.yml"

    @property
    def pulumi_state(self) -> Path:
        """Pulumi's file backend: the state of every stack."""
        return self.home / "pulumi"

    @property
    def records(self) -> Path:
        """Append-only evidence: ``ledger/`` with one file for each machine that wrote."""
        return self.home / "records"

    @property
    def reports(self) -> Path:
        """Finished pages; ``index.html`` is the first."""
        return self.home / "reports"

    @property
    def logs(self) -> Path:
        """Logs of long steps, one file a step."""
        return self.home / "logs"

    @property
    def stamps(self) -> Path:
        """Digests of what was last built, one file a step: what lets a warm run skip."""
        return self.home / "stamps"
