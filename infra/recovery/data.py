"""The data of a recovery: what it restores, what was left out on purpose, and whether all of it is there at the end."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backup.jobs import load_jobs
from backup.passwords import keep_password
from backup.plan import CONTROL_PLANE
from backup.records import Outcome, Source, append_records, load_records
from backup.restore.control_plane import demand, query
from backup.restore.home import load_wishes, recovery_folder
from backup.restore.operator import restore_into_cloud
from backup.restore.record import RecoveryRecord, RestoreRecord
from backup.restore.volume import FEATURES
from backup.restore.wish import Wish
from backup.sources.taken import SUMS, Say
from backup.sources.volume import POOL
from tenants.installation import Installation
from tenants.machines import load_machine

_VOLUMES = (
    "SELECT v.id, d.name, p.name, v.display_name, v.size FROM cinder.volumes v"
    " JOIN keystone.project p ON p.id = v.project_id JOIN keystone.project d ON d.id = p.domain_id"
    " WHERE v.deleted = 0 AND v.status IN ('available', 'in-use', 'reserved', 'error', 'detaching', 'attaching')"
)


_START_TIMERS = (
    "systemctl list-unit-files --no-legend --state=enabled 'oneroof-*.timer' | cut -d' ' -f1"
    " | xargs --no-run-if-empty systemctl start"
)


@dataclass(frozen=True)
class Unsaved:
    """A volume that Cinder knows, whose bytes are in no backup."""

    identifier: str
    department: str
    name: str
    """``<project>/<volume>``."""
    size_gib: int


def restore_lost(installation: Installation, source: Source) -> bool:
    """Restore what the recovery has of a source; tell whether all of it is there."""
    wishes = [wish for wish in load_wishes(installation) if wish.snapshot.source is source]
    made = restore_into_cloud(wishes, installation) if wishes else ()
    return all(record.outcome is not Outcome.FAILED for record in made)


def find_unsaved(rows: str, there: Iterable[str], wishes: Iterable[Wish]) -> tuple[Unsaved, ...]:
    """Give the volumes of a query's rows that have no image and of which no snapshot is to be restored. Pure."""
    images = frozenset(there)
    wanted = {(wish.snapshot.department, wish.target) for wish in wishes if wish.snapshot.source is Source.VOLUME}
    found = []
    for line in rows.splitlines():
        identifier, department, project, name, size = line.split("\t")
        path = f"{project.removeprefix(f'{department}-')}/{name}"
        if f"volume-{identifier}" not in images and (department, path) not in wanted:
            found.append(Unsaved(identifier, department, path, int(size)))
    return tuple(found)


def restore_unsaved(installation: Installation) -> tuple[str, ...]:
    """Make an empty image for each volume that is in no backup, so that its server starts; give a sentence for each."""
    storage, controller = load_machine(installation, "storage"), load_machine(installation, "controllers")
    there = demand(storage, f"rbd ls {POOL}").split()
    unsaved = find_unsaved(query(controller, _VOLUMES), there, load_wishes(installation))
    for volume in unsaved:
        image = f"{POOL}/volume-{volume.identifier}"
        demand(storage, f"rbd create --image-feature {FEATURES} --size {volume.size_gib}G {image}")
    return tuple(f"{volume.department} volume {volume.name}: is in no backup, comes back empty" for volume in unsaved)


def finish_recovery(installation: Installation, repository: Path, say: Say) -> bool:
    """Compare with what was declared and recorded; where all is there, record it, free the timers, remove what is left."""
    folder, wishes = recovery_folder(installation), load_wishes(installation)
    records = load_records(RestoreRecord, installation.records)
    back = {(r.department, r.source, r.target, r.snapshot_id) for r in records if r.outcome is Outcome.VERIFIED}
    left = [w for w in wishes if (w.snapshot.department, w.snapshot.source, w.target, w.snapshot.snapshot_id) not in back]
    for wish in left:
        say(f"{wish.label}: is not back")
    planned = subprocess.run([sys.argv[0], "plan"], cwd=repository, check=False)
    if left or planned.returncode != 0:
        say("the recovery is not whole: mend what is said above, and run it again")
        return False
    for job in load_jobs():
        if job.source is Source.DATABASE:
            keep_password(job, "", installation)
    demand(load_machine(installation, "operations"), _START_TIMERS)
    started = datetime.fromtimestamp((folder / CONTROL_PLANE / SUMS).stat().st_ctime, UTC)
    oldest = min((wish.snapshot.started_at for wish in wishes), default=started)
    record = RecoveryRecord(
        started,
        datetime.now(UTC),
        len({wish.snapshot.department for wish in wishes} - {CONTROL_PLANE}),
        sum(wish.snapshot.source is Source.VOLUME for wish in wishes),
        sum(wish.snapshot.source is Source.CONTAINER for wish in wishes),
        sum(wish.snapshot.bytes for wish in wishes),
        oldest,
        Outcome.VERIFIED,
    )
    append_records(installation.records, [record])
    shutil.rmtree(folder)
    say(
        f"back: {record.departments} departments, {record.volumes} volumes, {record.containers} containers, "
        f"{record.restored_bytes >> 20} MiB, as of {oldest:%Y-%m-%d %H:%M}Z or later"
    )
    return True
