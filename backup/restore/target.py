"""The cloud as restores see it: whether a volume is free to be written, and objects put back into a container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from backup.plan import Job
from backup.sources.cloud import Cloud
from backup.sources.taken import NotTakenError

KEPT = ("content-type", "content-encoding", "content-disposition", "x-delete-at")
"""Headers that an object gets back, beside its own metadata; its parts, if it had any, come back as one."""


@dataclass(frozen=True)
class VolumeState:
    """A volume as Cinder knows it."""

    identifier: str
    size_bytes: int
    users: tuple[str, ...]
    """Ids of the servers it is attached to."""


class Target(Cloud):
    """The connection of the operations host, with what a restore needs beside reading."""

    def volume(self, job: Job) -> VolumeState:
        """Give a job's volume; raise :class:`NotTakenError` where it is not there exactly once."""
        found = self._connection.block_storage.get_volume(self.volume_id(job))
        users = tuple(str(each["server_id"]) for each in found.attachments or ())
        return VolumeState(str(found.id), int(found.size) << 30, users)

    def upload(self, job: Job, name: str, content: Path, headers: Mapping[str, str]) -> str:
        """Put an object into a job's container; give the store's checksum of it."""
        store = self._connection.object_store
        account, _, _ = store.get_endpoint().rstrip("/").rpartition("/AUTH_")
        url = f"{account}/AUTH_{self._project_id(job)}/{quote(job.item, safe='')}/{quote(name, safe='/')}"
        kept = {k: v for k, v in headers.items() if k in KEPT or k.startswith("x-object-meta-")}
        with content.open("rb") as stream:
            # an empty stream would go in chunks without any
            answer = store.put(url, headers=kept, data=stream if content.stat().st_size else b"")
        if answer.status_code != 201:
            raise NotTakenError(f"the object store answered {answer.status_code} to object {name} of container {job.name}")
        return str(answer.headers.get("etag", "")).strip('"')
