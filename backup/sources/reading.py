"""A volume's bytes out of a snapshot, whatever form the snapshot has them in."""

from __future__ import annotations

from backup.command import Command
from backup.plan import Job
from backup.restic import Repository, build_dump
from backup.sources.volume import stream_name


def build_read_volume(repository: Repository, snapshot_id: str, job: Job) -> Command:
    """Give the program that writes a volume's bytes, all of them in order, to its standard output."""
    return build_dump(repository, snapshot_id, stream_name(job))
