"""The one authenticated session of a provider process, and what is asked of it again and again."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infra.provider.failure import CloudError

CLOUD_VARIABLE = "ONEROOF_CLOUD"
"""Environment variable with the name of the entry in ``OS_CLIENT_CONFIG_FILE``."""
ERASE_VARIABLE = "ONEROOF_ERASE_DATA"
"""Environment variable with the ids of what may be deleted with its data, or ``yes`` for all of it."""

ADOPT_VARIABLE = "ONEROOF_ADOPT"
"""Environment variable with a file of what is taken over by its id: JSON, Pulumi type to name in the stack to id."""


class Cloud:
    """Connections to one cloud: the provisioner's own, and one for each project it works in."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._lock = threading.RLock()
        self._admin: Any = None
        self._projects: dict[str, Any] = {}
        self._answers: dict[tuple[str, str], str] = {}
        self._fresh: set[str] = set()
        self.stopping = threading.Event()

    def may_erase(self, identifier: str) -> bool:
        """Tell whether this very thing may be deleted with its data."""
        told = self._environ.get(ERASE_VARIABLE, "")
        return told == "yes" or identifier in told.split()

    def adopted(self, pulumi_type: str, name: str) -> str:
        """Give the id of what exists and becomes this resource; empty where it is to be made as usual."""
        if ADOPT_VARIABLE not in self._environ:
            return ""
        ids = json.loads(Path(self._environ[ADOPT_VARIABLE]).read_text(encoding="utf-8"))
        return str(ids.get(pulumi_type, {}).get(name, ""))

    @property
    def admin(self) -> Any:
        """The provisioner's connection, with the scope of its ``clouds.yaml`` entry."""
        with self._lock:
            if self._admin is None:
                # Imported here: checks and previews of unchanged stacks never reach the cloud.
                from openstack.config import OpenStackConfig
                from openstack.connection import Connection

                files = [self._environ["OS_CLIENT_CONFIG_FILE"]] if "OS_CLIENT_CONFIG_FILE" in self._environ else None
                config = OpenStackConfig(config_files=files, load_envvars=False)
                self._admin = Connection(config=config.get_one(cloud=self._environ[CLOUD_VARIABLE]))
            return self._admin

    def in_project(self, project_id: str) -> Any:
        """Give a connection whose token is scoped to the project, for what services make only in the token's project."""
        with self._lock:
            if project_id not in self._projects:
                self._projects[project_id] = self.admin.connect_as(project_id=project_id)
            return self._projects[project_id]

    @property
    def object_store(self) -> str | None:
        """The address of the provisioner's own account of objects as the catalogue has it; nothing without object store.

        Not openstacksdk's: connections share what it found, and a project would get the account of another.
        """
        from keystoneauth1.exceptions import CatalogException

        config, session = self.admin.config, self.admin.session
        try:
            address: str = session.auth.get_access(session).service_catalog.url_for(
                service_type="object-store",
                interface=config.get_interface("object-store"),
                region_name=config.get_region_name("object-store"),
            )
        except CatalogException:
            return None
        return address

    def made(self, identifier: str) -> None:
        """Remember a project or domain that this process created: nothing can be in it that it did not make."""
        self._fresh.add(identifier)

    def is_fresh(self, *identifiers: object) -> bool:
        """Tell whether one of the projects or domains was created by this process."""
        return any(identifier in self._fresh for identifier in identifiers)

    def network_id(self, name: str) -> str:
        """Give the id of an external network by name."""
        identifier = self._answer(
            "external network",
            name,
            lambda: [n.id for n in self.admin.network.networks(name=name, is_router_external=True)],
        )
        with self._lock:
            self._answers["network", identifier] = name
        return identifier

    def network_name(self, identifier: str) -> str:
        """Give the name of a network by id."""
        return self._answer("network", identifier, lambda: [self.admin.network.get_network(identifier).name])

    def domain_id(self, name: str) -> str:
        """Give the id of a domain by name."""
        return self._answer("domain", name, lambda: [d.id for d in self.admin.identity.domains(name=name)])

    def role_id(self, name: str) -> str:
        """Give the id of a role by name."""
        return self._answer("role", name, lambda: [r.id for r in self.admin.identity.roles(name=name)])

    def flavor_id(self, name: str) -> str:
        """Give the id of a flavor by name."""
        return self._answer("flavor", name, lambda: [f.id for f in self.admin.compute.flavors() if f.name == name])

    def image_id(self, name: str) -> str:
        """Give the id of the newest active image of a name."""
        return self._answer(
            "image",
            name,
            lambda: [
                i.id for i in self.admin.image.images(name=name, status="active", sort="created_at:desc") if not i.is_hidden
            ],
        )

    def _answer(self, noun: str, name: str, ask: Callable[[], list[str]]) -> str:
        key = (noun, name)
        with self._lock:
            if key not in self._answers:
                found = ask()
                if not found:
                    raise CloudError(f"{noun} {name} does not exist in the cloud")
                self._answers[key] = found[0]
            return self._answers[key]

    def wait(self, what: str, done: Callable[[], bool], seconds: float = 300, every: float = 0.5) -> None:
        """Ask until ``done`` says yes; raises :class:`CloudError` after ``seconds`` or when the engine stops us."""
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                raise CloudError(f"{what} took longer than {seconds:.0f} s")
            if self.stopping.wait(every):
                raise CloudError(f"{what} was interrupted; the next run carries on")
