"""The sources by what they back up: one module each, all of one shape.

A new one is a module with ``take``, a word in :class:`backup.records.Source`, and a line in :data:`TAKE`; who declares it
is told in :mod:`backup.plan`. What gives a tree with ``SHA256SUMS`` is drilled and restored into files without more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backup.plan import Job
from backup.records import BackupRecord, Source
from backup.restic import Repository
from backup.sources.taken import NotTakenError, Say, Taken
from tenants.installation import Installation

if TYPE_CHECKING:
    from backup.sources.cloud import Cloud


@dataclass(frozen=True)
class Host:
    """What a source may use of the operations host."""

    installation: Installation
    cloud: Callable[[], Cloud]
    """Connected when it is first asked for."""

    @property
    def staging(self) -> Path:
        """Where data may lie between its source and the vault."""
        return self.installation.home / "staging"

    @property
    def pushed(self) -> Path:
        """What the operator's machine pushed."""
        return self.installation.home / "operator"

    @property
    def manifests(self) -> Path:
        """Of good snapshots, to carry on from."""
        return self.installation.home / "cache" / "manifests"


Take = Callable[[Job, Repository, Host, Say], Taken]
"""Backs a job up; raises :class:`backup.sources.taken.NotTakenError` where no snapshot counts."""


def _volume(job: Job, repository: Repository, host: Host, say: Say) -> Taken:
    from backup.sources import volume
    from backup.sources.manifests import Manifests

    volume_id, manifests = host.cloud().volume_id(job), Manifests(host.manifests)
    try:
        writers = host.cloud().writers(volume_id)
    except NotTakenError as error:  # without Nova a volume is backed up all the same
        say(f"{job.label}: which server writes to it is not known: {error}")
        writers = None
    return volume.take(job, volume_id, repository, _last(job, host), manifests, host.staging, writers, say)


def _container(job: Job, repository: Repository, host: Host, say: Say) -> Taken:
    from backup.sources import container

    return container.take(job, host.cloud(), repository, _last(job, host), host.manifests, host.staging, say)


def _image(job: Job, repository: Repository, host: Host, say: Say) -> Taken:
    from backup.sources import image

    return image.take(job, host.cloud(), repository, host.staging, say)


def _database(job: Job, repository: Repository, host: Host, say: Say) -> Taken:
    from backup.sources import database

    address = database.find_address(host.installation.home, job)
    return database.take(job, address, database.installed_password(job), repository, host.staging, say)


def _control_plane(job: Job, repository: Repository, host: Host, say: Say) -> Taken:
    from backup.sources import control_plane

    return control_plane.take(job, repository, host.staging, host.pushed, host.installation.records, say)


def _last(job: Job, host: Host) -> BackupRecord | None:
    """Give the snapshot that a new one may carry on from."""
    from backup.opening import find_repository
    from backup.trust import last_trusted

    known = find_repository(host.installation.records, job.department)
    return last_trusted(job, known, host.installation.records) if known else None


TAKE: Mapping[Source, Take] = {
    Source.VOLUME: _volume,
    Source.CONTAINER: _container,
    Source.IMAGE: _image,
    Source.DATABASE: _database,
    Source.CONTROL_PLANE: _control_plane,
}
