"""A dump put back into a running MariaDB: into new schemas, or, where that is asked, in the place of the declared ones.

Over TLS and by the declared account, as it was dumped, which must be given more rights for the time of it. A schema that is
being filled has the table :data:`backup.restore.dump_text.MARK` until it was dumped again and both dumps were the same;
what an interrupted run left is known by it, and removed by the next. In place, the dump is loaded beside first, so that one
which cannot be loaded replaces nothing; and what is there is backed up before it goes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from backup.command import Command, pipe
from backup.plan import Dump, Job
from backup.records import BackupRecord
from backup.restic import Repository
from backup.restore import dump_text
from backup.restore.container import fetched
from backup.restore.dump_text import MARK
from backup.restore.volume import Written, tell_tenths
from backup.sources.control_plane import check_trailer
from backup.sources.database import (
    DESCRIPTION,
    DUMP,
    RIGHTS,
    ask,
    ask_rights,
    build_dump,
    client_options,
    missing_rights,
    render_grants,
)
from backup.sources.taken import NotTakenError, Say, demand

BESIDE = "_restoring"
"""What is put behind a schema's name where it is tried before it replaces the one that is there."""
SUFFIX = re.compile(r"_[A-Za-z0-9_]{1,40}")
"""What may be put behind the names of schemas."""
LONGEST = 64
"""Characters of a schema's name, to MariaDB."""
TO_WRITE = RIGHTS | {
    *("ALTER", "ALTER ROUTINE", "CREATE", "CREATE ROUTINE", "CREATE VIEW", "DROP", "INDEX", "INSERT"),
    *("LOCK TABLES", "REFERENCES"),
}
"""On each schema that is filled."""
NAME_DEFINERS = frozenset({"SET USER"})
"""On all, where anything in the dump runs in the name of an account."""
_HELD = """\
select schema_name,
  (select count(*) from information_schema.tables where table_schema = schema_name)
  + (select count(*) from information_schema.routines where routine_schema = schema_name)
  + (select count(*) from information_schema.events where event_schema = schema_name),
  (select count(*) from information_schema.tables where table_schema = schema_name and table_name = '{mark}')
from information_schema.schemata where schema_name in ({names})
"""


def restore_database(
    job: Job,
    address: str,
    password: str,
    snapshot: BackupRecord,
    repository: Repository,
    staging: Path,
    *,
    suffix: str,
    overwrite: bool,
    keep: Callable[[], str],
    say: Say,
) -> Written:
    """Bring a snapshot's dump into the job's server; raise :class:`NotTakenError`, what is there then being what it was.

    ``suffix`` is put behind the schemas' names; none means the declared ones. ``keep`` backs up what is about to be
    replaced there, and says as what. Events are made in the declared schemas alone, where nobody runs them twice.
    """
    if job.dump is None:
        raise NotTakenError(f"{job.label}: its job does not say how it is reached")
    tree = staging / "restore" / job.department / "database" / job.project / job.item
    with (
        fetched(job, snapshot, repository, tree, say) as found,
        client_options(job.dump, address, password, tree.with_name(f".{job.item}")) as options,
    ):
        check_trailer(found / DUMP)
        schemas = read_schemas(found / DESCRIPTION)
        server = _Server(job, job.dump, options, found, say)
        new, beside = add_suffix(schemas, suffix), {} if suffix else add_suffix(schemas, BESIDE)
        server.demand_rights([*new.values(), *beside.values()])
        held = server.clear([*new.values(), *beside.values()], {} if overwrite else new.values(), beside.values())
        if beside:
            with server.filling(beside):
                server.fill(beside)
            server.drop(beside.values())
        note = keep() if held and not suffix else ""
        server.drop(held)
        with server.filling(new, note):
            server.fill(new)
            if not suffix:
                server.load(new, dump_text.events_alone)
            server.unmark(new.values())
        return Written(snapshot.bytes, snapshot.sha256, "; ".join(filter(None, (f"in {', '.join(new.values())}", note))))


def read_schemas(description: Path) -> tuple[str, ...]:
    """Give the schemas that a dump is of; raise :class:`NotTakenError` where they are not told."""
    try:
        told = json.loads(description.read_text(encoding="utf-8"))["schemas"]
        found = tuple(name for name in told if re.fullmatch(r"\w+", name, re.ASCII))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotTakenError(f"the snapshot does not tell its schemas: {error}") from error
    if not found or len(found) != len(told):
        raise NotTakenError(f"the snapshot tells {told} for its schemas")
    return found


def add_suffix(schemas: Iterable[str], suffix: str) -> dict[str, str]:
    """Give each schema's new name; raise :class:`NotTakenError` where one becomes too long. Pure."""
    names = {schema: schema + suffix for schema in schemas}
    if long := [name for name in names.values() if len(name) > LONGEST]:
        raise NotTakenError(f"schema {long[0]} has {len(long[0])} characters, expected at most {LONGEST}")
    return names


@dataclass(frozen=True)
class _Server:
    """The running database, reached as its job says."""

    job: Job
    dump: Dump
    options: Path
    tree: Path
    say: Say

    def demand_rights(self, names: Iterable[str]) -> None:
        """Raise :class:`NotTakenError` with every grant that is missing."""
        told = ask_rights(self.dump, self.options)
        lacking = missing_rights(told, names, TO_WRITE)
        with (self.tree / DUMP).open("rb") as stream:
            if dump_text.find_definers(stream) - {self.dump.user}:
                lacking |= missing_rights(told, [""], NAME_DEFINERS)
        if lacking:
            grants = render_grants(lacking, self.dump.user)
            raise NotTakenError(f"{self.dump.user} may not restore, for the time of it: {grants}")

    def clear(self, names: Iterable[str], only_new: Iterable[str], never_others: Iterable[str]) -> list[str]:
        """Remove what an interrupted run left, and what is empty; give the schemas that hold something else.

        Raises :class:`NotTakenError` where one of ``only_new`` or ``never_others`` does.
        """
        wanted = ", ".join(f"'{name}'" for name in names)
        rows = [line.split("\t") for line in self._ask(_HELD.format(mark=MARK, names=wanted)).splitlines()]
        held = [name for name, things, marked in rows if int(things) and not int(marked)]
        if there := [name for name in held if name in {*only_new}]:
            what = f"schema {', '.join(there)} is there and holds data"
            raise NotTakenError(f"{what}: tell --overwrite to replace it, or another --suffix")
        if there := [name for name in held if name in {*never_others}]:
            raise NotTakenError(f"schema {there[0]} is there and is of no interrupted restore: it is in the way, look at it")
        for name, _, marked in rows:
            if name not in held:
                if int(marked):
                    self.say(f"{self.job.label}: schema {name} is what an interrupted restore left: it goes")
                self.drop([name])
        return held

    @contextmanager
    def filling(self, names: Mapping[str, str], note: str = "") -> Iterator[None]:
        """Remove the new schemas where the block fails, ``note`` then being said too; say where they are left."""
        try:
            yield
        except NotTakenError as error:
            said = f"{error}; {note}" if note else str(error)
            try:
                self.drop(names.values())
            except NotTakenError as left:
                raise NotTakenError(f"{said}; {self._left(names)}, for it could not be removed: {left}") from error
            raise NotTakenError(said) from error
        except BaseException:
            self.say(f"{self.job.label}: interrupted: {self._left(names)}, and the next run removes it")
            raise

    def fill(self, names: Mapping[str, str]) -> None:
        """Load the dump under new names, and hold it against a dump of what then is there; it keeps its mark."""
        self.say(f"{self.job.label}: loading into {', '.join(names.values())}")
        self.load(names, dump_text.rename)
        self.say(f"{self.job.label}: comparing")
        again = self.tree / "again.sql"
        demand(build_dump(replace(self.dump, schemas=tuple(names.values())), self.options, without=MARK), output=again)
        check_trailer(again)
        with (self.tree / DUMP).open("rb") as stream:
            expected = dump_text.digest_parts(stream, names)
        with again.open("rb") as stream:
            found = dump_text.digest_parts(stream, {})
        again.unlink()
        if wrong := sorted(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)):
            schema, part = wrong[0]
            raise NotTakenError(f"{len(wrong)} parts of {schema} are not as in the dump afterwards: {part!r} the first")

    def load(self, names: Mapping[str, str], text: Callable[[IO[bytes], Mapping[str, str]], Iterator[bytes]]) -> None:
        """Feed the dump to the server. What is in it is a department's: in its sandbox the client runs and reads nothing."""
        file = self.tree / DUMP
        client = ("mariadb", f"--defaults-file={self.options}", "--batch", "--sandbox", "--local-infile=0")
        piped = pipe(
            Command(("cat", str(file))),
            Command((*client, "--default-character-set=utf8mb4", "--max-allowed-packet=1G")),
            progress=tell_tenths(self.job.label, file.stat().st_size, self.say),
            through=lambda stream: text(stream, names),
        )
        if not piped.ok:
            raise NotTakenError(piped.reason)

    def unmark(self, names: Iterable[str]) -> None:
        """Tell that schemas are whole."""
        self._ask("".join(f"drop table `{name}`.`{MARK}`;\n" for name in names))

    def drop(self, names: Iterable[str]) -> None:
        """Remove schemas, where they are there."""
        self._ask("".join(f"drop database if exists `{name}`;\n" for name in names))

    def _ask(self, sql: str) -> str:
        ended = ask(self.options, sql)
        if not ended.ok:
            raise NotTakenError(ended.reason)
        return ended.stdout.decode()

    @staticmethod
    def _left(names: Mapping[str, str]) -> str:
        return f"schema {', '.join(names.values())} is left, not whole, with table {MARK}"
