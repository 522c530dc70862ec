"""One volume backed up and restored by oneroof, by raw restic and by resticprofile; runs on the operations host, as root.

``backups_here.py GIB FOLDER [RESTICPROFILE]`` prints a line of JSON for each piece of work. All read the same RBD image and
write into repositories on the same disk. The image and the folder are removed at the end, also when interrupted.
"""

from __future__ import annotations

import json
import os
import resource
import secrets
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from backup.command import Command, run
from backup.opening import probe_version
from backup.plan import Job
from backup.records import BackupRecord, Outcome, Source
from backup.restic import Repository, build_init
from backup.sources import volume
from backup.sources.manifests import Manifests
from backup.sources.rbd_image import CONFIGURATION, SYSTEM_PACKAGES
from backup.sources.volume_restore import feed_volume

OBJECT = 4 << 20
SHARE = 100
"""One object in this many changes: a hundredth of the volume."""
JOB = Job("bench", Source.VOLUME, "bench/volume", "gold", timedelta(hours=4), timedelta(0), timedelta(days=14))


def fill(name: str, offsets: range) -> None:
    """Write data of which half compresses, as text and tables do."""
    sys.path.append(SYSTEM_PACKAGES)
    import rados
    import rbd

    with (
        rados.Rados(conffile=CONFIGURATION) as cluster,
        cluster.open_ioctx(volume.POOL) as pool,
        rbd.Image(pool, name) as image,
    ):
        for offset in offsets:
            image.write(b"".join(os.urandom(2048) + bytes(2048) for _ in range(OBJECT // 4096)), offset)


class Bench:
    """The volume, a repository for each side, and the clock."""

    def __init__(self, gib: int, folder: Path, resticprofile: str) -> None:
        self.identifier = f"oneroof-bench-{secrets.token_hex(4)}"
        self.image, self.bytes, self.folder, self.resticprofile = (
            f"volume-{self.identifier}",
            gib << 30,
            folder,
            resticprofile,
        )
        self.last: BackupRecord | None = None
        (folder / "password").write_text("bench")

    def repository(self, name: str) -> Repository:
        """Make a repository."""
        (self.folder / f"{name}.txt").write_text(str(self.folder / name))
        made = Repository(
            "bench", self.folder / f"{name}.txt", self.folder / "password", cache=self.folder / f"{name}.cache",
            version=probe_version(print),
        )  # fmt: skip
        demand(build_init(made))
        return made

    def measure(self, side: str, work: str, do: Callable[[], Any]) -> Any:
        """Do a piece of work; say what it took: seconds, and processor of it and all that it started."""
        subprocess.run(["sync"], check=True)
        before, started = cpu(), time.monotonic()
        answer = do()
        seconds = time.monotonic() - started
        said = {"side": side, "work": work, "seconds": round(seconds, 2), "client_cpu": round(cpu() - before, 2)}
        print(json.dumps(said | {"mib_per_second": round((self.bytes >> 20) / seconds)}), flush=True)
        return answer

    def raw(self, repository: Repository, *program: str) -> None:
        """Back up by a pipe, as the documentation of restic says."""
        words = shlex.join([*(program or ("restic", "backup")), "--stdin", "--stdin-filename=volume.raw"])
        pipe(f"rbd export --no-progress {volume.POOL}/{self.image} - | {words}", repository)

    def profile(self, repository: Repository) -> None:
        """Back up by resticprofile, which reads the pipe for restic."""
        settings = f"""version: "1"
default:
  repository-file: {repository.repository_file}
  password-file: {repository.password_file}
  cache-dir: {repository.cache}
  backup:
    stdin: true
    stdin-filename: volume.raw
"""
        (self.folder / "profiles.yaml").write_text(settings)
        words = shlex.join([self.resticprofile, "-c", str(self.folder / "profiles.yaml"), "default.backup"])
        pipe(f"rbd export --no-progress {volume.POOL}/{self.image} - | {words}", repository)

    def oneroof(self, repository: Repository) -> None:
        """Back up by the product."""
        manifests = Manifests(self.folder / "manifests")
        said: list[str] = []
        taken = volume.take(JOB, self.identifier, repository, self.last, manifests, self.folder / "staging", (), said.append)
        made = (taken.snapshot_id, taken.bytes, taken.sha256)
        self.last = BackupRecord("bench", Source.VOLUME, JOB.name, taken.taken_at, datetime.now(UTC), *made, Outcome.GOOD)

    def restore(self, repository: Repository) -> None:
        """Restore by the product, compared with its manifest on the way."""
        assert self.last is not None
        done = feed_volume(self.last, repository, Command(("sh", "-c", "cat > /dev/null")))
        if not done.ok:
            sys.exit(done.reason)

    def all(self) -> None:
        """Do everything once."""
        demand(Command(("rbd", "create", "--size", f"{self.bytes >> 20}M", f"{volume.POOL}/{self.image}")))
        fill(self.image, range(0, self.bytes, OBJECT))
        raw, own = self.repository("raw"), self.repository("own")
        self.measure("raw restic", "first", lambda: self.raw(raw))
        self.measure("oneroof", "first", lambda: self.oneroof(own))
        self.measure("raw restic", "nothing changed", lambda: self.raw(raw))
        if self.resticprofile:
            self.measure("resticprofile", "nothing changed", lambda: self.profile(raw))
        self.measure("oneroof", "nothing changed", lambda: self.oneroof(own))
        fill(self.image, range(0, self.bytes, OBJECT * SHARE))
        self.measure("raw restic", "1 % changed", lambda: self.raw(raw))
        if self.resticprofile:
            self.measure("resticprofile", "1 % changed", lambda: self.profile(raw))
        self.measure("oneroof", "1 % changed", lambda: self.oneroof(own))
        self.measure("raw restic", "restore", lambda: pipe("restic dump latest volume.raw | cat > /dev/null", raw))
        self.measure("oneroof", "restore", lambda: self.restore(own))

    def remove(self) -> None:
        """Leave nothing."""
        run(Command(("rbd", "snap", "purge", "--no-progress", f"{volume.POOL}/{self.image}")))
        run(Command(("rbd", "rm", "--no-progress", f"{volume.POOL}/{self.image}")))
        shutil.rmtree(self.folder)


def pipe(script: str, repository: Repository) -> None:
    """Run a pipe of a shell; both sides must end well."""
    environment = {**os.environ, **repository.environment}
    subprocess.run(["bash", "-o", "pipefail", "-c", script], env=environment, check=True, stdout=subprocess.DEVNULL)


def demand(command: Command) -> None:
    """Run a program that must end well."""
    ended = run(command)
    if not ended.ok:
        sys.exit(ended.reason)


def cpu() -> float:
    """Give the seconds of processor of this program and of those it started that have ended."""
    own, ended = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


def main() -> None:
    """Measure, and leave nothing."""
    folder = Path(sys.argv[2])
    folder.mkdir(mode=0o700)
    bench = Bench(int(sys.argv[1]), folder, sys.argv[3] if len(sys.argv) > 3 else "")
    try:
        bench.all()
    finally:
        bench.remove()


if __name__ == "__main__":
    main()
