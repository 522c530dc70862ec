"""Puts together what plan and apply work with, from an installation and what was told on the command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import yaml

from infra.apply import CLOUD_STACK, Site
from infra.programs import stacks
from infra.pulumi_cli.find import ensure_pulumi
from infra.shared import DesiredCloud, DesiredImage, ExternalNetwork, build_cloud, build_image
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.model import Department
from tenants.installation import Installation, cache_directory
from tenants.problem import Problem, UserError
from tenants.today import today

PASSPHRASE = "secret_pulumi_passphrase"  # noqa: S105 - the secret's name
_ADDRESSES = ("cidr", "gateway", "pool_start", "pool_end")

Tell = Callable[[str], None]


def open_site(
    installation: Installation,
    *,
    cloud: str,
    external_network: str,
    may_erase: bool = False,
    day: date | None = None,
    tell: Tell,
) -> Site:
    """Give the site; raises UserError where ``clouds.yaml`` has no such entry or the passphrase is missing.

    ``day`` is the one whose sharing grants are in force, today where none is told.
    """
    clouds = installation.clouds
    if not clouds.exists():
        raise UserError(Problem(f"{clouds} does not exist", "`oneroof deploy` writes it; for another cloud, put it there."))
    entries = (yaml.safe_load(clouds.read_text()) or {}).get("clouds") or {}
    if cloud not in entries:
        known = ", ".join(sorted(entries)) or "none"
        raise UserError(Problem(f"got cloud {cloud}, expected one of: {known}", file=clouds))
    command = ensure_pulumi(tell=tell)
    engine = stacks.Engine(
        command=command,
        state=installation.pulumi_state,
        home=cache_directory() / "pulumi" / "home",
        cloud=cloud,
        clouds=clouds,
        passphrase=_passphrase(installation),
        may_erase=may_erase,
    )
    return Site(installation, engine, external_network, day or today())


def _passphrase(installation: Installation) -> str:
    """Give what encrypts the secrets in the state: from the installation's secrets, else from Pulumi's own variables."""
    if installation.secrets.exists():
        from infra.secrets import read_secret

        return read_secret(installation, PASSPHRASE)
    if file := os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE"):
        return Path(file).read_text().strip()
    if told := os.environ.get("PULUMI_CONFIG_PASSPHRASE"):
        return told
    hint = "`oneroof deploy` makes it; for another cloud, set PULUMI_CONFIG_PASSPHRASE_FILE."
    raise UserError(Problem(f"{installation.secrets} does not exist: no passphrase for the state", hint))


def load_shared(
    site: Site, catalogue: Catalogue, departments: Iterable[Department], *, may_build: bool, tell: Tell
) -> DesiredCloud:
    """Give what all departments share: images they use are built where needed, others are taken where built already."""
    from infra.image.build import ensure_image, list_images

    used = {server.image for department in departments for project in department.projects for server in project.servers}
    built = {image.name for image in list_images()}
    # one that was uploaded once stays, whatever became of the cache
    recorded = {str(each["urn"]).rpartition("::")[2] for each in stacks.read_resources(site.engine, CLOUD_STACK)}
    images: list[DesiredImage] = []
    wanted = sorted(catalogue.images.keys() & (used | built | recorded))
    if not may_build and (missing := [name for name in wanted if name not in built]):
        hint = "Build them first: `oneroof image build`."
        raise UserError(Problem(f"images that are not built yet cannot be compared: {', '.join(missing)}", hint))
    for name in wanted:
        made = ensure_image(name, tell=tell)
        files = {"kernel": made.kernel, "ramdisk": made.ramdisk, "disk": made.disk}
        images.append(
            build_image(name, files, made.properties, min_ram=made.minimum_ram_mib, min_disk=made.minimum_disk_gib)
        )
    return build_cloud(catalogue, tuple(images), _external(site))


def _external(site: Site) -> ExternalNetwork | None:
    """Give the external network of the inventory; without one the cloud's own of that name is used."""
    inventory = site.installation.inventory
    if not inventory.exists():
        return None
    variables = ((yaml.safe_load(inventory.read_text()) or {}).get("all") or {}).get("vars") or {}
    values = {name: variables.get(f"external_network_{name}") for name in _ADDRESSES}
    if not any(values.values()):
        return None
    if missing := [name for name, value in values.items() if not value]:
        names = ", ".join(f"external_network_{name}" for name in missing)
        raise UserError(Problem(f"got no {names}, expected all four of the external network", file=inventory))
    physical = variables.get("external_physical_network", "physnet1")
    return ExternalNetwork(site.external_network, **{k: str(v) for k, v in values.items()}, physical_network=physical)


def stacks_of(site: Site) -> tuple[str, ...]:
    """Give the departments that were ever applied to the site's cloud."""
    folder = site.engine.checkpoint(CLOUD_STACK).parent
    return tuple(sorted(file.stem for file in folder.glob("*.json") if file.stem != CLOUD_STACK))
