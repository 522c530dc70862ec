"""The control plane: what a new cloud needs to become this one again, as one tree.

- ``databases.sql``: every MariaDB database, one transaction, ended by the dump's own trailer
- ``ovn/``: northbound and southbound database
- ``ceph/``: monitor, OSD and CRUSH map, keys, configuration
- ``keystone/``: fernet and credential keys, without which a restored Keystone cannot read its own data
- ``etc/``: configuration of the services
- ``ledger/``: the evidence as this machine holds it, this backup's own entry not yet among it
- ``operator/``: pushed by the operator's machine: Pulumi state, encrypted secrets, inventory, git commit and its history
"""

from __future__ import annotations

import configparser
import shutil
from datetime import UTC, datetime
from pathlib import Path

from backup.command import Command
from backup.ledger import list_ledgers
from backup.plan import Job
from backup.restic import Repository
from backup.sources.taken import NotTakenError, Say, Taken, demand, store_tree

TRAILER = b"-- Dump completed"
DUMP = (
    "mariadb-dump",
    "--all-databases",
    "--single-transaction",
    "--quick",
    "--routines",
    "--events",
    "--triggers",
    "--hex-blob",
    "--flush-privileges",
    "--default-character-set=utf8mb4",
)
OVN = {"northbound": ("ovnnb_db.sock", "OVN_Northbound"), "southbound": ("ovnsb_db.sock", "OVN_Southbound")}
CEPH = {
    "mon.map": ("mon", "getmap", "-o"),
    "osd.map": ("osd", "getmap", "-o"),
    "crush.map": ("osd", "getcrushmap", "-o"),
    "auth.keyring": ("auth", "export", "-o"),
    "config.json": ("config", "dump", "--format", "json", "-o"),
}
CONFIGURATION = (
    "ceph",
    "cinder",
    "default",
    "glance",
    "haproxy",
    "keystone",
    "libvirt",
    "mysql",
    "neutron",
    "nova",
    "oneroof",
    "openvswitch",
    "ovn",
    "placement",
    "prometheus",
    "rabbitmq",
    "systemd/system",
)
"""Under ``/etc``; those that are not on this host are left out."""
KEYSTONE = Path("/etc/keystone/keystone.conf")
KEYS = {
    "fernet": ("fernet_tokens", "/etc/keystone/fernet-keys"),
    "credential": ("credential", "/etc/keystone/credential-keys"),
}
"""Keystone's key repositories: section of its configuration, and where they are by default."""
LEFT_OUT = ("etc/oneroof/restic", "etc/oneroof/databases", "etc/oneroof/freeze")
"""Passwords of the repositories: with them in here, one would open all others. The key that asks computes is made anew."""


def take(job: Job, repository: Repository, staging: Path, pushed: Path, records: Path, say: Say) -> Taken:
    """Back the control plane up; raise :class:`NotTakenError` where any part of it cannot be read whole."""
    tree = staging / job.department
    shutil.rmtree(tree, ignore_errors=True)
    for folder in ("ovn", "ceph", "etc", "keystone"):
        (tree / folder).mkdir(parents=True, mode=0o700)
    try:
        taken_at = datetime.now(UTC)
        say(f"{job.label}: databases")
        demand(Command(DUMP), output=tree / "databases.sql")
        check_trailer(tree / "databases.sql")
        say(f"{job.label}: OVN and Ceph")
        for name, (socket, database) in OVN.items():
            demand(
                Command(("ovsdb-client", "backup", f"unix:/var/run/ovn/{socket}", database)),
                output=tree / "ovn" / f"{name}.db",
            )
        for name, arguments in CEPH.items():
            demand(Command(("ceph", *arguments, str(tree / "ceph" / name))))
        say(f"{job.label}: configuration and keys")
        _copy_configuration(tree)
        for name, keys in find_key_repositories(KEYSTONE.read_text(encoding="utf-8")).items():
            if not keys.is_dir() or not any(keys.iterdir()):
                raise NotTakenError(f"{keys} holds no keys: a Keystone restored without them cannot read its own data")
            demand(Command(("cp", "--archive", str(keys), str(tree / "keystone" / name))))
        if not (pushed / "pulumi").is_dir():
            raise NotTakenError(f"{pushed} has no Pulumi state: it comes with the first run from the operator's machine")
        demand(Command(("cp", "--archive", str(pushed), str(tree / "operator"))))
        (tree / "ledger").mkdir(mode=0o700)
        for ledger in list_ledgers(records):
            demand(Command(("cp", "--archive", str(ledger), str(tree / "ledger"))))
        return store_tree(repository, tree, str(job.source), taken_at)
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def check_trailer(dump: Path) -> None:
    """Raise :class:`NotTakenError` unless a dump ends with the line its program writes last."""
    with dump.open("rb") as stream:
        stream.seek(max(0, dump.stat().st_size - 4096))
        lines = stream.read().splitlines()
    if not lines or not lines[-1].startswith(TRAILER):
        raise NotTakenError(f"the dump of the databases is cut short: its last line is not {TRAILER.decode()}")


def find_key_repositories(configuration: str) -> dict[str, Path]:
    """Give the directories of Keystone's keys by name, as its configuration tells them."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, allow_no_value=True)
    parser.read_string(configuration)
    return {
        name: Path(parser.get(section, "key_repository", fallback="").strip() or default)
        for name, (section, default) in KEYS.items()
    }


def _copy_configuration(tree: Path) -> None:
    present = [f"etc/{name}" for name in CONFIGURATION if Path("/etc", name).is_dir()]
    demand(Command(("cp", "--archive", "--parents", *present, str(tree)), directory=Path("/")))
    for name in LEFT_OUT:
        shutil.rmtree(tree / name, ignore_errors=True)
