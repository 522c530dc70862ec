"""The control plane put back onto machines on which the playbooks have just deployed an empty cloud with the same secrets.

Databases, Keystone's keys, OVN's northbound database and each host's identity in Nova come from the snapshot; what follows
from them (southbound database, queues, caches) the services make again. Nova's computes stay off until volumes are there.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from backup.command import Command, pipe, run
from backup.sources.control_plane import OVN, find_key_repositories
from backup.sources.taken import Say
from tenants.installation import Installation
from tenants.machines import Machine, load_machine, load_machines
from tenants.problem import Problem, UserError

SERVICES = ("cinder", "glance", "keystone", "neutron", "nova", "placement")
TIMERS = "'oneroof-*.timer'"
COMPUTE = "nova-compute.service"
_DEPARTMENTS = (
    "SELECT COUNT(*) FROM keystone.project WHERE is_domain = 1 AND id NOT IN ('default', '<<keystone.domain.root>>')"
)


def restore_control_plane(installation: Installation, tree: Path, say: Say) -> None:
    """Put a control-plane snapshot's content in its places; can be repeated until it came to its end.

    Raises :class:`UserError` where a machine refuses, and before anything is changed where the cloud has departments that
    this did not bring.
    """
    controllers = load_machines(installation, "controllers")
    computes = load_machines(installation, "computes")
    first, begun, done = controllers[0], tree.with_name("databases.begun"), tree.with_name("databases.done")
    if done.exists():
        say("control plane: is back already")
        return
    if not begun.exists():
        if (there := int(query(first, _DEPARTMENTS) or 0)) > 0:
            what = f"the cloud on {first.name} has {there} departments, expected one that was just deployed"
            raise UserError(Problem(what, "Its databases would be replaced by older ones: nothing was changed."))
        begun.touch()
    demand(load_machine(installation, "operations"), f"systemctl stop {TIMERS}")
    hosts = {host.name: host for host in (*controllers, *computes)}.values()
    say("control plane: stopping the services")
    units = " ".join(f"'{name}-*.service'" for name in SERVICES)
    for host in hosts:  # one that had to be killed is stopped too, not failed
        demand(host, f"systemctl stop {units}; systemctl reset-failed {units}")
    say("control plane: databases")
    send(first, tree / "databases.sql", "mariadb --batch")
    say("control plane: Keystone's keys")
    keys = find_key_repositories((tree / "etc/keystone/keystone.conf").read_text(encoding="utf-8"))
    for host in controllers:
        for name, target in keys.items():
            _send_folder(host, tree / "keystone" / name, target, "keystone")
        demand(host, "systemctl restart memcached")
    say("control plane: networks")
    socket, database = OVN["northbound"]
    # from a file: ovsdb-client seeks in what it reads
    load = f"file=$(mktemp) && cat > $file && ovsdb-client restore unix:/var/run/ovn/{socket} {database} < $file && rm $file"
    send(first, tree / "ovn" / "northbound.db", load)
    identities = dict(line.split("\t") for line in query(first, _IDENTITIES).splitlines())
    for host in computes:
        if host.name in identities:
            own = "umask 027 && cat > /var/lib/nova/compute_id && chown nova: /var/lib/nova/compute_id"
            demand(host, own, identities[host.name].encode())
    say("control plane: starting the services")
    for host in controllers:
        demand(host, _START.format(patterns=units, left_off=COMPUTE))
    done.touch()


_IDENTITIES = "SELECT host, uuid FROM nova.compute_nodes WHERE deleted = 0"
_START = (
    "systemctl list-unit-files --no-legend --state=enabled {patterns} | cut -d' ' -f1 | grep -vx {left_off}"
    " | xargs --no-run-if-empty systemctl start"
)


def query(host: Machine, sql: str) -> str:
    """Give the rows of a query, fields apart by tabs; raise :class:`UserError` where the database does not answer."""
    return demand(host, "mariadb --batch --skip-column-names", sql.encode())


def demand(host: Machine, script: str, stdin: bytes = b"") -> str:
    """Run a script that must end well; raise :class:`UserError` with its reason otherwise."""
    ended = run(Command(host.ssh(script)), stdin=stdin)
    if not ended.ok:
        raise UserError(Problem(f"{host.name}: {ended.reason}", "Mend the cause and run it again: it carries on."))
    return ended.stdout.decode("utf-8", "replace")


def send(host: Machine, file: Path, script: str) -> None:
    """Feed a file to a program on a machine; raise :class:`UserError` where not all of it was taken."""
    piped = pipe(Command(("cat", str(file))), Command(host.ssh(script)), expected_bytes=file.stat().st_size)
    if not piped.ok:
        raise UserError(Problem(f"{host.name}: {piped.reason}", "Mend the cause and run it again: it carries on."))


def _send_folder(host: Machine, folder: Path, target: Path, owner: str) -> None:
    new = shlex.quote(f"{target}.new")
    script = (
        f"umask 077 && rm -rf {new} && mkdir {new} && tar -xf - -C {new} && chown -R {owner}: {new} && "
        f"rm -rf {shlex.quote(str(target))} && mv {new} {shlex.quote(str(target))}"
    )
    piped = pipe(Command(("tar", "-C", str(folder), "-cf", "-", ".")), Command(host.ssh(script)))
    if not piped.ok:
        raise UserError(Problem(f"{host.name}: {piped.reason}"))
