"""The cloud as backups see it: which image holds a volume, and the objects of a department's container.

Reads only. Every department is looked up by its domain, so that names of two departments can never meet; what was adopted
keeps its own name and domain, and is looked up by the id that the last apply wrote down.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import openstack
import openstack.config
from keystoneauth1.exceptions import ClientException
from openstack.exceptions import ConfigException, SDKException

from backup.plan import SHARED_IMAGES, Job
from backup.sources.stillness import Writer
from backup.sources.taken import NotTakenError

PAGE = 1000
_SHUT_DOWN = 4
"""Nova's power state of a server without a running guest."""


class Cloud:
    """One authenticated connection of the operations host."""

    def __init__(self, clouds: Path, name: str = "oneroof") -> None:
        try:
            region = openstack.config.OpenStackConfig(config_files=[str(clouds)]).get_one(cloud=name)
        except ConfigException as error:
            raise NotTakenError(f"{clouds} has no cloud {name}") from error
        self._connection: Any = openstack.connection.Connection(config=region, app_name="oneroof-backup")
        self._projects: dict[tuple[str, str], str] = {}
        self._applied = clouds.parent / "departments"

    def volume_id(self, job: Job) -> str:
        """Give the id of a job's volume; raise :class:`NotTakenError` where it is not there exactly once."""
        query: dict[str, Any] = {"name": job.item, "project_id": self._project_id(job), "all_projects": True}
        storage = self._connection.block_storage
        found = _ask(lambda: list(storage.volumes(details=False, **query)))
        if not found and (known := _named(self._applied_project(job).get("volumes"), job.item)):
            del query["name"]
            found = [v for v in _ask(lambda: list(storage.volumes(details=False, **query))) if v.id == known["id"]]
        if len(found) != 1:
            raise NotTakenError(f"the cloud has {len(found)} volumes {job.item} in project {_cloud_name(job)}, expected one")
        return str(found[0].id)

    def writers(self, volume_id: str) -> tuple[Writer, ...]:
        """Give the servers that may write to a volume now: those that have it and are not switched off."""
        volume = _ask(lambda: self._connection.block_storage.get_volume(volume_id))
        users = [str(each["server_id"]) for each in volume.attachments or ()]
        servers = [_ask(lambda user=user: self._connection.compute.get_server(user)) for user in users]
        return tuple(
            Writer(str(server.id), str(server.name), str(server.compute_host))
            for server in servers
            if server.power_state != _SHUT_DOWN
        )

    def objects(self, job: Job) -> list[dict[str, Any]]:
        """List a container as it is now: name, bytes, hash, last_modified, content_type of each object."""
        listed: list[dict[str, Any]] = []
        while True:
            marker = quote(listed[-1]["name"], safe="") if listed else ""
            answer = self._get(job, f"?format=json&limit={PAGE}&marker={marker}")
            page = answer.json() if answer.status_code == 200 else []
            listed += page
            if len(page) < PAGE:
                return listed

    def download(self, job: Job, name: str) -> tuple[dict[str, str], Iterator[bytes]]:
        """Give an object's headers and its content in pieces."""
        answer = self._get(job, "/" + quote(name, safe="/"), stream=True)

        def pieces() -> Iterator[bytes]:
            with closing(answer):
                yield from answer.iter_content(1 << 20)

        return {k.lower(): v for k, v in answer.headers.items()}, pieces()

    def images(self, job: Job) -> list[dict[str, Any]]:
        """Give what Glance tells of a job's image, or of all that every department may use; active ones alone."""
        shared = job.name == SHARED_IMAGES
        asked = "visibility=public" if shared else f"name={quote(job.item)}&owner={self._project_id(job)}&visibility=all"
        found: list[dict[str, Any]] = []
        page: str | None = f"/images?{asked}&status=active&limit={PAGE}"
        while page:
            answer = self._image(page)
            found += answer.json()["images"]
            page = str(answer.json().get("next") or "").removeprefix("/v2")
        return found

    def download_image(self, image_id: str) -> Iterator[bytes]:
        """Give the content of an image in pieces."""
        with closing(self._image(f"/images/{image_id}/file", stream=True)) as answer:
            try:
                yield from answer.iter_content(1 << 20)
            except OSError as error:  # of requests too: the connection broke
                raise NotTakenError(f"image {image_id} did not arrive whole: {error}") from error

    def _image(self, path: str, *, stream: bool = False) -> Any:
        answer = _ask(lambda: self._connection.image.get(path, stream=stream))
        if answer.status_code != 200:
            raise NotTakenError(f"Glance answered {answer.status_code} for {path.partition('?')[0]}")
        return answer

    def _get(self, job: Job, rest: str, *, stream: bool = False) -> Any:
        store = self._connection.object_store
        account, _, _ = store.get_endpoint().rstrip("/").rpartition("/AUTH_")
        url = f"{account}/AUTH_{self._project_id(job)}/{quote(job.item, safe='')}{rest}"
        answer = _ask(lambda: store.get(url, stream=stream))
        if answer.status_code not in (200, 204):
            raise NotTakenError(f"the object store answered {answer.status_code} for container {job.name}")
        return answer

    def _project_id(self, job: Job) -> str:
        key = (job.department, job.project)
        if key not in self._projects:
            identity = self._connection.identity
            domains = _ask(lambda: list(identity.domains(name=job.department)))
            if len(domains) != 1:
                raise NotTakenError(f"the cloud has no domain {job.department}")
            projects = _ask(lambda: list(identity.projects(name=_cloud_name(job), domain_id=domains[0].id)))
            if not projects and (known := self._applied_project(job).get("id")):
                projects = [project for project in _ask(lambda: list(identity.projects())) if project.id == known]
            if len(projects) != 1:
                raise NotTakenError(f"the cloud has no project {_cloud_name(job)} in domain {job.department}")
            self._projects[key] = str(projects[0].id)
        return self._projects[key]

    def _applied_project(self, job: Job) -> Mapping[str, Any]:
        """Give the project as the last apply wrote it down; nothing where it did not."""
        file = self._applied / f"{job.department}.json"
        told = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return _named(told.get("projects"), job.project)


def _named(things: Any, name: str) -> Mapping[str, Any]:
    return next((thing for thing in things or () if thing["name"] == name), {})


def _cloud_name(job: Job) -> str:
    return f"{job.department}-{job.project}"


def _ask(question: Any) -> Any:
    """Turn what the cloud refuses into a reason; anything else is a bug and shows itself."""
    try:
        return question()
    except (SDKException, ClientException) as error:
        raise NotTakenError(f"the cloud did not answer: {str(error).splitlines()[0]}") from error
