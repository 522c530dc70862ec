"""A database in a department's server: dumped over TLS from outside, by a read-only account, as one consistent instant.

A declaration names an engine of :data:`backup.plan.Engine`, never a command. The server must show a certificate of the
authority that the declaration has. The dump counts once its program ended well and wrote its last line.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from backup.command import Command, Completed, run
from backup.plan import Dump, Job
from backup.restic import Repository
from backup.sources.control_plane import check_trailer
from backup.sources.taken import NotTakenError, Say, Taken, demand, store_tree
from tenants.writing import write_private

DIRECTORY = Path("/etc/oneroof/databases")
"""On the operations host: a password a file, ``<department>/<project>-<name>``, readable by root alone."""
DUMP, DESCRIPTION = "dump.sql", "database.json"
RIGHTS = frozenset({"SELECT", "SHOW VIEW", "TRIGGER", "EVENT"})
"""On each schema. Without one, mariadb-dump leaves out what it cannot see, and ends well all the same."""
QUESTION = """\
select table_schema, privilege_type from information_schema.schema_privileges
union select '', privilege_type from information_schema.user_privileges;
select 1 from mysql.proc limit 0;
"""
"""What the account may do; the second one fails for an account that cannot see all routines."""


def take(job: Job, address: str, password: str, repository: Repository, staging: Path, say: Say) -> Taken:
    """Back a database up; raise :class:`NotTakenError` where the dump is not whole."""
    tree = staging / job.department / "database" / job.project / job.item
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True, mode=0o700)
    try:
        if job.dump is None:
            raise NotTakenError(f"{job.label}: its job does not say how it is dumped")
        say(f"{job.label}: dumping {', '.join(job.dump.schemas)} of {address}")
        taken_at = datetime.now(UTC)
        with client_options(job.dump, address, password, tree.with_name(f".{job.item}")) as options:
            if lacking := missing_rights(ask_rights(job.dump, options), job.dump.schemas):
                grants = render_grants(lacking, job.dump.user)
                raise NotTakenError(f"{job.dump.user} may not read all of it, and the dump would be short: {grants}")
            demand(build_dump(job.dump, options), output=tree / DUMP)
        check_trailer(tree / DUMP)
        told = {"engine": job.dump.engine, "schemas": job.dump.schemas, "taken_at": taken_at.isoformat()}
        (tree / DESCRIPTION).write_text(json.dumps(told) + "\n", encoding="utf-8")
        return store_tree(repository, tree, f"{job.source}:{job.name}", taken_at)
    finally:
        shutil.rmtree(tree, ignore_errors=True)


@contextmanager
def client_options(dump: Dump, address: str, password: str, folder: Path) -> Iterator[Path]:
    """Give the file that says to MariaDB's programs whom they speak to, for the time of the block."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        write_private(folder / "ca.pem", dump.authority.encode())
        write_private(folder / "client.cnf", render_options(dump, address, password, folder / "ca.pem").encode())
        yield folder / "client.cnf"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def build_dump(dump: Dump, options: Path, *, without: str = "") -> Command:
    """Give the program that dumps; address, account and password come from a file that root alone can read.

    ``without`` is a table that is left out of every schema.
    """
    return Command(
        (
            "mariadb-dump",
            f"--defaults-file={options}",
            "--single-transaction",
            "--quick",
            "--routines",
            "--events",
            "--triggers",
            "--hex-blob",
            "--default-character-set=utf8mb4",
            *(f"--ignore-table={schema}.{without}" for schema in dump.schemas if without),
            "--databases",
            "--",
            *dump.schemas,
        )
    )


def ask(options: Path, sql: str) -> Completed:
    """Ask the server: rows a line each, fields apart by tabs. Nothing that it answers can make this client do anything."""
    argv = ("mariadb", f"--defaults-file={options}", "--batch", "--skip-column-names", "--local-infile=0")
    return run(Command(argv), stdin=sql.encode())


def ask_rights(dump: Dump, options: Path) -> str:
    """Give the answer to :data:`QUESTION`; raise :class:`NotTakenError` where there is none."""
    ended = ask(options, QUESTION)
    if "`proc`" in ended.stderr:
        raise NotTakenError(f"{dump.user} cannot see all routines: GRANT SELECT ON mysql.proc TO {dump.user}")
    if not ended.ok:
        raise NotTakenError(ended.reason)
    return ended.stdout.decode()


def missing_rights(told: str, schemas: Iterable[str], needed: Set[str] = RIGHTS) -> dict[str, list[str]]:
    """Give what an account lacks on each schema, out of the answer to :data:`QUESTION`; empty text is all of them. Pure."""
    rights: dict[str, set[str]] = {}
    for line in told.splitlines():
        schema, _, right = line.partition("\t")
        rights.setdefault(schema.replace("\\", ""), set()).add(right)
    found = {schema: sorted(needed - rights.get(schema, set()) - rights.get("", set())) for schema in schemas}
    return {schema: lacking for schema, lacking in found.items() if lacking}


def render_grants(lacking: Mapping[str, Iterable[str]], user: str) -> str:
    """Give the statements that give an account what it lacks on each schema, or, by empty text, on all of them. Pure."""
    return "; ".join(f"GRANT {', '.join(rights)} ON {schema or '*'}.* TO {user}" for schema, rights in lacking.items())


def render_options(dump: Dump, address: str, password: str, authority: Path) -> str:
    """Give the client's options: TLS with the server's certificate verified, or no connection at all."""
    quoted = password.replace("\\", "\\\\").replace('"', '\\"')
    return (
        f'[client]\nprotocol=tcp\nhost={address}\nport={dump.port}\nuser={dump.user}\npassword="{quoted}"\n'
        f"ssl\nssl-ca={authority}\nssl-verify-server-cert\n"
    )


def find_address(home: Path, job: Job) -> str:
    """Give the floating address of the database's server, as the last apply recorded it; raise :class:`NotTakenError`."""
    file = home / "departments" / f"{job.department}.json"
    told = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    for project in told.get("projects", ()):
        for server in project["servers"]:
            wanted = job.dump is not None and (project["name"], server["name"]) == (job.project, job.dump.server)
            if wanted and server["floating_address"]:
                return str(server["floating_address"])
    raise NotTakenError(
        f"{job.label}: its server has no floating address yet: `oneroof apply`, then `oneroof operations push`"
    )


def password_file(job: Job, directory: Path = DIRECTORY) -> Path:
    """Give where the operations host keeps a database's password."""
    return directory / job.department / f"{job.project}-{job.item}"


def installed_password(job: Job, directory: Path = DIRECTORY) -> str:
    """Give the password of a database's account; raise :class:`NotTakenError` where this host has none."""
    file = password_file(job, directory)
    if not file.is_file():
        raise NotTakenError(f"this host has no password for it: `oneroof backup password {job.department} {job.name}`")
    return file.read_text(encoding="utf-8")
