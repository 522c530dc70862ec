"""A database in a department's server: dumped over TLS from outside, by a read-only account, as one consistent instant.

A declaration names an engine of :data:`backup.plan.Engine`, never a command. The server must show a certificate of the
authority that the declaration has. The dump counts once its program ended well and wrote its last line.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from backup.command import Command, run
from backup.plan import Dump, Job
from backup.restic import Repository
from backup.sources.control_plane import check_trailer
from backup.sources.taken import NotTakenError, Say, Taken, demand, store_tree
from tenants.writing import write_private

DIRECTORY = Path("/etc/oneroof/databases")
"""On the operations host: a password a file, ``<department>/<project>-<name>``, readable by root alone."""
DUMP = "dump.sql"
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
    secrets = tree.with_name(f".{job.item}")
    for folder in (tree, secrets):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
    try:
        if job.dump is None:
            raise NotTakenError(f"{job.label}: its job does not say how it is dumped")
        say(f"{job.label}: dumping {', '.join(job.dump.schemas)} of {address}")
        taken_at = datetime.now(UTC)
        write_private(secrets / "ca.pem", job.dump.authority.encode())
        write_private(secrets / "client.cnf", render_options(job.dump, address, password, secrets / "ca.pem").encode())
        _demand_rights(job.dump, secrets / "client.cnf")
        demand(build_dump(job.dump, secrets / "client.cnf"), output=tree / DUMP)
        check_trailer(tree / DUMP)
        told = {"engine": job.dump.engine, "schemas": job.dump.schemas, "taken_at": taken_at.isoformat()}
        (tree / "database.json").write_text(json.dumps(told) + "\n", encoding="utf-8")
        return store_tree(repository, tree, f"{job.source}:{job.name}", taken_at)
    finally:
        for folder in (tree, secrets):
            shutil.rmtree(folder, ignore_errors=True)


def build_dump(dump: Dump, options: Path) -> Command:
    """Give the program that dumps; address, account and password come from a file that root alone can read."""
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
            "--databases",
            "--",
            *dump.schemas,
        )
    )


def missing_rights(told: str, schemas: Iterable[str]) -> dict[str, list[str]]:
    """Give what an account lacks on each schema, out of the answer to :data:`QUESTION`. Pure."""
    rights: dict[str, set[str]] = {}
    for line in told.splitlines():
        schema, _, right = line.partition("\t")
        rights.setdefault(schema.replace("\\", ""), set()).add(right)
    found = {schema: sorted(RIGHTS - rights.get(schema, set()) - rights.get("", set())) for schema in schemas}
    return {schema: lacking for schema, lacking in found.items() if lacking}


def _demand_rights(dump: Dump, options: Path) -> None:
    ended = run(
        Command(("mariadb", f"--defaults-file={options}", "--batch", "--skip-column-names")), stdin=QUESTION.encode()
    )
    if "`proc`" in ended.stderr:
        raise NotTakenError(f"{dump.user} cannot see all routines: GRANT SELECT ON mysql.proc TO {dump.user}")
    if not ended.ok:
        raise NotTakenError(ended.reason)
    if lacking := missing_rights(ended.stdout.decode(), dump.schemas):
        grants = "; ".join(f"GRANT {', '.join(rights)} ON {schema}.* TO {dump.user}" for schema, rights in lacking.items())
        raise NotTakenError(f"{dump.user} may not read all of it, and the dump would be short: {grants}")


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
