"""Accounts that Ceph's object gateway keeps of projects that are gone: its own command removes them, no OpenStack API."""

from __future__ import annotations

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
    if not projects:
        return
    try:
        host = load_machine(installation, GROUP)
    except UserError:
        return
    done = subprocess.run(host.ssh(render_script(projects)), capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        words = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CloudError(f"{host.name}: the object gateway keeps an account: {words}")


def render_script(projects: Collection[str]) -> str:
    """Give the shell script that removes accounts, each called after its project twice; one that is not there is fine."""
    accounts = " ".join(shlex.quote(f"{project}${project}") for project in sorted(projects))
    info, remove = 'radosgw-admin user info --uid "$uid" >/dev/null 2>&1', 'radosgw-admin user rm --uid "$uid" >/dev/null'
    return f"for uid in {accounts}; do ! {info} || {remove} || exit 1; done"
