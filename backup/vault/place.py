"""The vault's machine, worked on from the operator's: the one place where a repository's key meets the right to delete.

The machine that holds the data has no password, and the cloud's side, which has them, can delete nothing. A password goes
there through ssh for one call of restic and is in no file, argument or environment. restic runs as the vault's own user, so
that the store can serve what it writes; where the connection breaks it is interrupted, and it never outlives its time.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backup.command import Command, Completed, run
from backup.drill import VAULT_DIRECTORY
from backup.ending import Version, explain
from backup.lock import Alive, Lock, clear_dead_locks
from backup.restic import Repository, build_config, build_snapshots, parse_repository_id, parse_version
from backup.sources.taken import NotTakenError
from backup.vault.holdings import FILES, Holdings, Pack, build_holdings, parse_files
from tenants.machines import Machine

USER = "vault"
KILL_AFTER = timedelta(minutes=1)
"""How long restic may clean up after SIGINT."""
SHORT = timedelta(minutes=30)
RESERVE = ".reserve"
"""A file that only takes room: without any, restic could not even write the lock that it needs to remove something."""
RESERVE_MIB = 64


@dataclass(frozen=True)
class Place:
    """The vault's machine and one department's repository on it."""

    reach: Callable[[str], tuple[str, ...]]
    """Gives the command line that runs a script there as root."""
    name: str
    directory: str
    user: str
    """Who owns the repositories; empty where restic runs as who runs the script."""
    department: str
    password: str

    def __repr__(self) -> str:
        return f"Place({self.name}, {self.department})"

    @property
    def repository(self) -> Repository:
        """The repository for building restic's command lines; :meth:`restic` adds where it is and its password."""
        return Repository(self.department, Path(), Path())

    def restic(self, command: Command, timeout: timedelta = SHORT) -> Completed:
        """Run a command line of :attr:`repository` there."""
        words = list(command.argv)
        words[1:1] = ["--repo", f"{self.directory}/{self.department}"]
        seconds, after = f"{timeout.total_seconds():g}", f"{KILL_AFTER.total_seconds():g}"
        limit = ["timeout", "--signal=INT", f"--kill-after={after}", seconds]
        line = f"exec {shlex.join([*limit, *words])} --password-file <(cat)"
        become = [f"--reuid={self.user}", f"--regid={self.user}", "--init-groups"] if self.user else []
        idle = ["nice", "ionice", "-c3"]  # a prune must not starve the store
        script = shlex.join(["exec", "setpriv", *become, "--pdeathsig=INT", *idle, "bash", "-c", line])
        ended = run(Command(self.reach(script)), stdin=self.password.encode(), timeout=timeout + 2 * KILL_AFTER)
        if ended.code != 124:
            return ended
        return Completed(ended.argv, ended.code, ended.stdout, ended.stderr, ended.seconds, timed_out=True)

    def demand(self, command: Command) -> Completed:
        """Run restic, which must end well; raise :class:`NotTakenError` that says what its end means otherwise."""
        ended = self.restic(command)
        if not ended.ok:
            raise NotTakenError(f"{self.name}: {explain(ended, self.version())}")
        return ended

    def version(self) -> Version:
        """Ask which restic the machine has."""
        try:
            return parse_version(self.ask("restic version"))
        except ValueError as error:
            raise NotTakenError(f"{self.name}: {error}") from error

    def ask(self, script: str) -> str:
        """Run a shell script there as root; raise :class:`NotTakenError` where it fails."""
        ended = run(Command(self.reach(script)), timeout=SHORT)
        if not ended.ok:
            raise NotTakenError(f"{self.name}: {ended.reason}")
        return ended.stdout.decode("utf-8", "replace")

    def now(self) -> datetime:
        """Give the vault's own clock."""
        return datetime.fromtimestamp(float(self.ask("date +%s.%N")), UTC)

    def collect(self) -> Holdings:
        """Read what the repository holds; raise :class:`NotTakenError` where it cannot be read."""
        found = parse_repository_id(self.demand(build_config(self.repository)).stdout)
        listed = self.demand(build_snapshots(self.repository)).stdout
        files = self.files()
        try:
            return build_holdings(self.now(), found, listed, files)
        except ValueError as error:
            raise NotTakenError(f"{self.name}: {error}") from error

    def files(self) -> dict[str, Pack]:
        """Give every file of the repository by its path."""
        return parse_files(self.ask(f"find {shlex.quote(f'{self.directory}/{self.department}')} {FILES}"))

    def clear_locks(self) -> tuple[Lock, ...]:
        """Remove locks that programs of that machine left behind when they died; give those that are left alone."""
        return clear_dead_locks(self.repository, self._alive(), self.restic)

    def make_room(self) -> bool:
        """Give up the reserve where the file system has less room than it; tell whether that was done."""
        file, directory = shlex.quote(f"{self.directory}/{RESERVE}"), shlex.quote(self.directory)
        free = f'[ "$(df --output=avail -B1M {directory} | tail -1)" -lt {RESERVE_MIB} ]'
        return self.ask(f"if {free} && [ -e {file} ]; then rm -f {file} && echo gone; fi").strip() == "gone"

    def keep_room(self) -> bool:
        """Take the reserve again where there is room for it; tell whether it is there."""
        file, directory = shlex.quote(f"{self.directory}/{RESERVE}"), shlex.quote(self.directory)
        free = f'[ "$(df --output=avail -B1M {directory} | tail -1)" -gt {2 * RESERVE_MIB} ]'
        take = f"fallocate -l {RESERVE_MIB}M {file} && chmod 600 {file}"
        return (
            self.ask(f"if [ ! -e {file} ] && {free}; then {take}; fi; [ -e {file} ] && echo there || true").strip()
            == "there"
        )

    def _alive(self) -> Alive:
        script = (
            "hostname; date +%s.%N; cut -d' ' -f1 /proc/uptime; "
            'for p in /proc/[0-9]*; do [ "$(cat "$p/comm" 2>/dev/null)" = restic ] && echo "${p##*/}"; done; true'
        )
        hostname, now, uptime, *pids = self.ask(script).split()
        booted = datetime.fromtimestamp(float(now) - float(uptime), UTC)
        return Alive(hostname, booted, lambda pid: str(pid) in pids)


def at_machine(machine: Machine, department: str, password: str) -> Place:
    """Give a department's repository on the vault's machine."""
    directory = str(machine.variables.get("vault_directory", VAULT_DIRECTORY))
    user = str(machine.variables.get("vault_user", USER))
    return Place(machine.ssh, machine.name, directory, user, department, password)
