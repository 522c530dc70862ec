"""Make the databases of one OpenStack service and bring their schema to the release that is installed.

``prepare --start``  reads the wish from standard input, makes databases, user and grants, and starts the migration in
                     the background when the stamp in the database differs; prints what it changed, or nothing
``prepare --check``  prints what that would change
``wait SERVICE``  waits for that migration; exit code 1 and its last lines when it failed
``restart SERVICE UNIT...``  waits, then restarts those of the units that run

Migrations of six services take half a minute of two cores: in the background they pass while Ceph and OVN are built.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib
import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SOCKET = "/run/mysqld/mysqld.sock"
RUN = Path("/run/oneroof")
STAMP = "oneroof_schema"  # a table of the service's own database: it comes and goes with what it speaks of


def wanted_stamp(wish: dict[str, Any]) -> str:
    """Give what the stamp must say: the release and a digest of everything the migration is told."""
    told = json.dumps([wish["commands"], wish["environment"]], sort_keys=True)
    return f"{importlib.metadata.version(wish['wheel'])} {hashlib.sha256(told.encode()).hexdigest()[:16]}"


@contextlib.contextmanager
def database() -> Iterator[Any]:
    """Give a cursor as root over the local socket, which needs no password."""
    mysql: Any = importlib.import_module("MySQLdb")  # Debian's, untyped
    connection = mysql.connect(unix_socket=SOCKET, user="root", charset="utf8mb4", autocommit=True)
    try:
        yield connection.cursor()
    finally:
        connection.close()


def missing_databases(cursor: Any, wish: dict[str, Any]) -> dict[str, list[tuple[str, list[str]]]]:
    """Compare databases, user and grants with the wish; give what differs, with the statements that make it so."""
    missing: dict[str, list[tuple[str, list[str]]]] = {}
    user, password = wish["service"], wish["password"]
    for name in wish["databases"]:
        cursor.execute("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = %s", [name])
        if not cursor.fetchone()[0]:
            create = f"CREATE DATABASE `{name}` CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci"
            missing[f"database {name}"] = [(create, [])]
    cursor.execute(
        "SELECT JSON_VALUE(Priv, '$.authentication_string') = PASSWORD(%s) FROM mysql.global_priv"
        " WHERE User = %s AND Host = '%%'",
        [password, user],
    )
    known = cursor.fetchone()
    if known is None or not known[0]:
        missing[f"database user {user}"] = [
            ("CREATE USER IF NOT EXISTS %s@'%%'", [user]),
            ("ALTER USER %s@'%%' IDENTIFIED BY %s", [user, password]),
        ]
    grants = ""
    if known is not None:
        cursor.execute("SHOW GRANTS FOR %s@'%%'", [user])
        grants = " ".join(row[0] for row in cursor.fetchall())
    for name in wish["databases"]:
        if f"ON `{name}`.*" not in grants:
            missing[f"grant on {name}"] = [(f"GRANT ALL PRIVILEGES ON `{name}`.* TO %s@'%%'", [user])]
    return missing


def read_stamp(cursor: Any, name: str) -> str | None:
    """Give the stamp of the last migration that came to its end, if there was one."""
    cursor.execute(
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = %s AND table_name = %s", [name, STAMP]
    )
    if not cursor.fetchone()[0]:
        return None
    cursor.execute(f"SELECT stamp FROM `{name}`.`{STAMP}`")  # noqa: S608 - names are the role's own
    row = cursor.fetchone()
    return row[0] if row else None


def write_stamp(cursor: Any, name: str, stamp: str) -> None:
    """Record that the migration came to its end."""
    cursor.execute(f"CREATE OR REPLACE TABLE `{name}`.`{STAMP}` (stamp VARCHAR(255) NOT NULL)")
    cursor.execute(f"INSERT INTO `{name}`.`{STAMP}` VALUES (%s)", [stamp])  # noqa: S608 - as above


def answered(query: str) -> bool:
    """Tell whether a query gives a row."""
    with database() as cursor:
        return bool(cursor.execute(query))


def run_commands(wish: dict[str, Any]) -> None:
    """Run the migration's commands as the service's user, then stamp; what fails is left in the state file."""
    state = state_file(wish["service"])
    environment = {"PATH": "/opt/openstack/bin:/usr/sbin:/usr/bin:/sbin:/bin", **wish["environment"]}
    for command in wish["commands"]:
        if "unless" in command and answered(command["unless"]):
            continue
        done = subprocess.run(
            command["argv"],
            env=environment,
            cwd="/",
            user=wish["service"],
            group=wish["service"],
            extra_groups=[],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            last = "\n".join(done.stdout.splitlines()[-15:])
            state.write_text(f"{' '.join(command['argv'])}: exit code {done.returncode}\n{last}\n")
            return
    with database() as cursor:
        write_stamp(cursor, wish["databases"][0], wanted_stamp(wish))
    state.unlink()


def state_file(service: str) -> Path:
    """Give the file that says why a migration did not come to its end; absent when all is well."""
    return RUN / f"schema-{service}.state"


def lock(service: str) -> int:
    """Take the lock of a service's migration, waiting for one that runs; give its file descriptor."""
    RUN.mkdir(mode=0o755, exist_ok=True)
    descriptor = os.open(RUN / f"schema-{service}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def prepare(start: bool) -> None:
    """Print what is missing, one thing a line; with ``start`` make it so, the schema in the background."""
    wish = json.load(sys.stdin)
    held = lock(wish["service"])
    with database() as cursor:
        missing = missing_databases(cursor, wish)
        stamp = read_stamp(cursor, wish["databases"][0])
        for query, values in (statement for statements in missing.values() for statement in statements if start):
            cursor.execute(query, values)
    lines = [*missing]
    if stamp != wanted_stamp(wish):
        lines.append(f"schema {stamp} -> {wanted_stamp(wish)}")
        if start:
            migrate_in_background(wish, held)
    if lines:
        print("\n".join(lines))


def migrate_in_background(wish: dict[str, Any], held: int) -> None:
    """Start the migration; it inherits the locked descriptor, so that who waits for the lock waits for its end."""
    state = state_file(wish["service"])
    state.touch(mode=0o600)
    state.write_text("interrupted\n")
    child = subprocess.Popen(
        [sys.executable, __file__, "migrate"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=[held],
        text=True,
    )
    with child.stdin as told:  # type: ignore[union-attr]  # it is a pipe
        told.write(json.dumps(wish))


def wait(service: str) -> None:
    """Wait for the migration; end with its last lines when it did not come to its end."""
    os.close(lock(service))
    state = state_file(service)
    if state.exists():
        sys.exit(f"The schema of {service} was not migrated: {state.read_text().strip()}")


def restart(service: str, units: list[str]) -> None:
    """Let systemd read its units again; restart those of ``units`` that run, once the schema is there."""
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    active = subprocess.run(["systemctl", "is-active", "--quiet", *units], check=False).returncode == 0
    if active:
        wait(service)
        subprocess.run(["systemctl", "try-restart", *units], check=True)


def main() -> None:
    """Do what the command line says."""
    match sys.argv[1:]:
        case ["prepare", "--start" | "--check" as mode]:
            prepare(start=mode == "--start")
        case ["migrate"]:
            run_commands(json.load(sys.stdin))
        case ["wait", service]:
            wait(service)
        case ["restart", service, *units]:
            restart(service, units)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
