"""What a cloud holds, read by Ceph's own commands and the plain APIs: nothing of it is asked of oneroof or its records."""

from __future__ import annotations

import hashlib
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from openstack.connection import Connection

On = Callable[[str, str], str]
"""Runs a script on the first machine of a group; gives what it printed."""
ANSWER_SECONDS = 180.0  # servers start after the cloud, and two cores emulate them all


@dataclass(frozen=True)
class Content:
    """Everything that must be the same after a loss."""

    servers: dict[str, str]
    """Name by id."""
    volumes: dict[str, str]
    """Name by id."""
    floating: dict[str, str]
    """Fixed address by floating address."""
    pages: dict[str, str]
    """SHA-256 of what each floating address answers over HTTP, with the time that the file was written."""
    objects: dict[str, str]
    """SHA-256 by project id, container and name."""
    images: dict[str, str]
    """SHA-256 by the name of the RBD image."""


def read_content(operator: Connection, on: On) -> Content:
    """Read all of it, each byte once."""
    floating = {str(ip.floating_ip_address): str(ip.fixed_ip_address) for ip in operator.network.ips()}
    pages = {address: read_page(address) for address, fixed in floating.items() if fixed != "None"}
    images = on("storage", "rbd ls images").split()
    return Content(
        servers={str(server.id): str(server.name) for server in operator.compute.servers(all_projects=True)},
        volumes={str(volume.id): str(volume.name) for volume in operator.block_storage.volumes(all_projects=True)},
        floating=floating,
        pages=pages,
        objects=read_objects(operator),
        images={image: hash_image(on, f"images/{image}@snap") for image in images},
    )


def hash_image(on: On, image: str) -> str:
    """Give the SHA-256 of an RBD image or snapshot, read as a whole."""
    return on("storage", f"set -o pipefail; rbd export --no-progress {image} - | sha256sum").split()[0]


def hash_backed_up(on: On) -> dict[str, str]:
    """Give the SHA-256 of the storage's snapshot that the last backup of each volume read, by volume."""
    found: dict[str, str] = {}
    for volume in on("storage", "rbd ls volumes").split():
        listed = on("storage", f"rbd snap ls volumes/{volume} | awk '{{print $2}}' | grep ^backup.oneroof- || true").split()
        if listed:  # the last good one is kept until the next run; the newest is listed last
            found[volume] = hash_image(on, f"volumes/{volume}@{listed[-1]}")
    return found


def read_objects(operator: Connection) -> dict[str, str]:
    """Read every object of every project."""
    store = operator.object_store
    base, _, _ = store.get_endpoint().rstrip("/").rpartition("/AUTH_")
    found = {}
    for project in operator.identity.projects():
        account = f"{base}/AUTH_{project.id}"
        listed = store.get(f"{account}?format=json")
        for container in listed.json() if listed.status_code == 200 else ():
            inside = f"{account}/{quote(container['name'], safe='')}"
            listing = store.get(f"{inside}?format=json")
            assert listing.status_code in (200, 204), listing.status_code
            for told in listing.json() if listing.status_code == 200 else ():
                answer = store.get(f"{inside}/{quote(told['name'])}")
                assert answer.status_code == 200, f"{inside}: {answer.status_code}"
                found[f"{project.id}/{container['name']}/{told['name']}"] = hashlib.sha256(answer.content).hexdigest()
    return found


def read_page(address: str) -> str:
    """Ask an address until it answers; give what it said, by its sum."""
    end = time.monotonic() + ANSWER_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"http://{address}/", timeout=10) as answer:
                return f"{answer.headers['Last-Modified']} {hashlib.sha256(answer.read()).hexdigest()}"
        except urllib.error.HTTPError as refused:  # it answers, which is all it did before
            return str(refused.code)
        except OSError as error:
            if time.monotonic() > end:
                return f"no answer: {type(error).__name__}"
            time.sleep(2)
