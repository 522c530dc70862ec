"""Passwords of the accounts that dump databases: encrypted in the installation's home, installed on the operations host."""

from __future__ import annotations

import shlex

import yaml

from backup.command import Command, run
from backup.keys import decrypt, encrypt
from backup.plan import Job
from backup.sources.database import password_file
from tenants.installation import Installation
from tenants.machines import load_machine
from tenants.problem import Problem, UserError
from tenants.writing import write_private

FILE = "database-passwords.yml"


def keep_password(job: Job, password: str, installation: Installation) -> None:
    """Keep a password and install it; without one, install that which is kept. Raises :class:`UserError`."""
    file, place = installation.home / FILE, f"{job.department} {job.name}"
    known: dict[str, str] = yaml.safe_load(decrypt(installation, file.read_bytes())) if file.exists() else {}
    if password:
        if "\n" in password or "\0" in password:
            raise UserError(Problem("got a password of several lines, expected one line"))
        known[place] = password
        write_private(file, encrypt(installation, yaml.safe_dump(known, sort_keys=True)))
    elif place not in known:
        raise UserError(Problem(f"{place}: no password was told, and none is kept"))
    host, target = load_machine(installation, "operations"), str(password_file(job))
    script = (
        f"umask 077 && mkdir -p {shlex.quote(target.rpartition('/')[0])} && "
        f"cat > {shlex.quote(target)}.new && mv {shlex.quote(target)}.new {shlex.quote(target)}"
    )
    ended = run(Command(host.ssh(script)), stdin=known[place].encode())
    if not ended.ok:
        raise UserError(Problem(f"{host.name}: the password was not installed: {ended.reason}"))
