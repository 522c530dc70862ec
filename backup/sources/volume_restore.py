"""A volume out of a snapshot into a program that takes its bytes, such as ``rbd import``: the one way, for every form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO

from backup.command import Command, Piped, pipe
from backup.records import BackupRecord
from backup.restic import Repository, build_dump_tree
from backup.sources.stored_volume import StoredVolume, StoredVolumeError


def feed_volume(
    snapshot: BackupRecord, repository: Repository, sink: Command, progress: Callable[[int], None] | None = None
) -> Piped:
    """Feed a snapshot's volume, all ``snapshot.bytes`` of it in order, to ``sink``; ``progress`` gets the bytes done so far.

    ``sink`` sees the end of its input only where content and size are what the record says; else it is interrupted, and
    the answer's ``reason`` says why. Raises nothing for a failed restore.
    """

    def read(tar: IO[bytes]) -> Iterator[bytes]:
        volume = StoredVolume(tar)
        yield from volume.stream()
        if (volume.size, volume.sha256) != (snapshot.bytes, snapshot.sha256):
            raise StoredVolumeError(f"snapshot {snapshot.snapshot_id[:8]} does not hold what was backed up")

    source = build_dump_tree(repository, snapshot.snapshot_id)
    return pipe(source, sink, expected_bytes=snapshot.bytes, progress=progress, through=read)
