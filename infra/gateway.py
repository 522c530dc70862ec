"""Ceph's object gateway by its own command, on the machine that holds the keyring: what no OpenStack API does or tells."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Collection

from infra.provider.failure import CloudError
from tenants.installation import Installation
from tenants.machines import load_machine
from tenants.problem import UserError

GROUP = "storage"
"""Machines of the inventory that hold the keyring of Ceph's administrator."""


def remove_accounts(installation: Installation, projects: Collection[str]) -> None:
    """Remove the empty accounts of projects; the gateway keeps one that holds anything.

    Nothing happens in a cloud whose object store is not ours. Raises :class:`CloudError` where the machine says no.
    """
    if projects:
        _run(installation, render_script(projects), "the object gateway keeps an account")


def list_buckets(installation: Installation) -> tuple[tuple[str, str], ...] | None:
    """List every container of every project, as project and name, by one call however many there are.

    Nothing where the object store is not ours. Raises :class:`CloudError` where the machine does not tell.
    """
    told = _run(installation, "radosgw-admin metadata list bucket", "the object gateway does not list its containers")
    return None if told is None else parse_buckets(told)


def parse_buckets(text: str) -> tuple[tuple[str, str], ...]:
    """Read the gateway's list: ``<project>/<container>`` each; one without a project is nobody's.

    >>> parse_buckets('["11/scans", "stray"]')
    (('11', 'scans'), ('', 'stray'))
    """
    return tuple((project, name) for project, _, name in (str(each).rpartition("/") for each in json.loads(text)))


def render_script(projects: Collection[str]) -> str:
    """Give the shell script that removes accounts, each called after its project twice; one that is not there is fine."""
    accounts = " ".join(shlex.quote(f"{project}${project}") for project in sorted(projects))
    # one list for all: each call of the command takes a quarter of a second
    each = 'case "$known" in *"\\"$uid\\""*) radosgw-admin user rm --uid "$uid" >/dev/null || exit 1;; esac'
    return f"known=$(radosgw-admin metadata list user) || exit 1; for uid in {accounts}; do {each}; done"


def _run(installation: Installation, script: str, refused: str) -> str | None:
    try:
        host = load_machine(installation, GROUP)
    except UserError:
        return None
    try:
        done = subprocess.run(host.ssh(script), capture_output=True, text=True, timeout=300, check=False)
    except subprocess.TimeoutExpired as error:
        raise CloudError(f"{host.name}: {refused}: no answer in {error.timeout:.0f} s") from error
    if done.returncode:
        words = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CloudError(f"{host.name}: {refused}: {words}")
    return done.stdout
