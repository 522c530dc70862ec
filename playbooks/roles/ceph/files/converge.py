"""Make what is missing of one host's Ceph: monitor, manager, OSD and, on the leading host, pools and keys.

Prints a line for everything it made (with ``--check``: would make) and nothing when all is there. The specification comes as
JSON in CEPH_SPEC; keys come from the keyrings in /etc/ceph, so that none is ever an argument.
"""

import configparser
import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

SPEC = json.loads(os.environ["CEPH_SPEC"])
CHECK = sys.argv[1:] == ["--check"]
NAME = SPEC["name"]
STATE = Path("/var/lib/ceph")


def say(what):
    """Tell of one change."""
    print(what, flush=True)


def run(*arguments, user=None):
    """Run a program as root or as ``user``; its output shows only when it fails."""
    done = subprocess.run(
        arguments, user=user, group=user, extra_groups=[] if user else None, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{arguments[0]} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


def own(path):
    """Hand a folder and what is in it to Ceph's user."""
    run("chown", "-R", "ceph:ceph", str(path))


def start(unit):
    """Enable and start a unit."""
    run("systemctl", "enable", "--quiet", "--now", unit)


def is_active(unit):
    """Tell whether a unit runs."""
    return subprocess.run(["systemctl", "is-active", "--quiet", unit]).returncode == 0


def make_monitor():
    """Give the host its monitor; all monitors know each other from the first start."""
    home = STATE / "mon" / f"ceph-{NAME}"
    if not (home / "made").exists():
        say(f"monitor {NAME}")
        if CHECK:
            return False
        home.mkdir(parents=True, exist_ok=True)
        for left in home.iterdir():
            run("rm", "-rf", str(left))
        own(home)
        members = [part for name, address in SPEC["monitors"].items() for part in ("--addv", name, f"[v2:{address}:3300]")]
        monitor_map = Path(f"/run/ceph-monmap-{NAME}")
        run(
            "monmaptool",
            "--create",
            "--clobber",
            "--fsid",
            SPEC["fsid"],
            *members,
            "--set-min-mon-release",
            "pacific",
            str(monitor_map),
        )
        monitor_map.chmod(0o644)
        keyring = "/etc/ceph/ceph.mon.keyring"
        run("ceph-mon", "--mkfs", "-i", NAME, "--monmap", str(monitor_map), "--keyring", keyring, user="ceph")
        monitor_map.unlink()
        (home / "made").touch()
        own(home)
    if not is_active(f"ceph-mon@{NAME}"):
        say(f"start monitor {NAME}")
        if CHECK:
            return False
        start(f"ceph-mon@{NAME}")
    return True


class Cluster:
    """The monitors' commands, over one connection."""

    def __init__(self):
        import rados

        deadline = time.monotonic() + 120
        while True:
            self.connection = rados.Rados(conffile="/etc/ceph/ceph.conf", name="client.admin")
            try:
                self.connection.connect(timeout=10)
                return
            except rados.Error as error:
                if time.monotonic() > deadline:
                    sys.exit(f"The monitors gave no answer within two minutes: {error}")

    def ask(self, prefix, given=b"", allowed=(), **arguments):
        """Send one command and give its answer; an error code in ``allowed`` gives None."""
        command = json.dumps({"prefix": prefix, "format": "json", **arguments})
        code, answer, message = self.connection.mon_command(command, given)
        if code in allowed:
            return None
        if code:
            sys.exit(f"ceph {prefix}: {message or os.strerror(-code)}")
        try:
            return json.loads(answer) if answer.strip() else {}
        except ValueError:
            return {}

    def keyring(self, entity):
        """Give an entity's key and rights, or None where there is no such entity."""
        answer = self.ask("auth get", allowed=(-2,), entity=entity)
        return answer[0] if answer else None


def write_private(path, text):
    """Write a file that only Ceph's user may read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def make_manager(cluster):
    """Give the host its manager."""
    home = STATE / "mgr" / f"ceph-{NAME}"
    if not (home / "keyring").exists():
        say(f"manager {NAME}")
        if CHECK:
            return
        caps = ["mon", "allow profile mgr", "osd", "allow *", "mds", "allow *"]
        made = cluster.ask("auth get-or-create", entity=f"mgr.{NAME}", caps=caps)[0]
        home.mkdir(parents=True, exist_ok=True)
        write_private(home / "keyring", f"[mgr.{NAME}]\n\tkey = {made['key']}\n")
        own(home)
    if not is_active(f"ceph-mgr@{NAME}"):
        say(f"start manager {NAME}")
        if not CHECK:
            start(f"ceph-mgr@{NAME}")


def make_osd(cluster):
    """Give the host its OSD on a plain file; an interrupted one is finished."""
    note = STATE / "oneroof-osd.json"
    if not note.exists():
        say(f"osd of {NAME}")
        if CHECK:
            return
        key = run("ceph-authtool", "--gen-print-key").strip()
        write_private(note, json.dumps({"uuid": str(uuid.uuid4()), "cephx_secret": key}))
    osd = json.loads(note.read_text())
    if "id" not in osd:
        if CHECK:
            return
        secret = json.dumps({"cephx_secret": osd["cephx_secret"]}).encode()
        osd["id"] = cluster.ask("osd new", given=secret, uuid=osd["uuid"])["osdid"]
        write_private(note, json.dumps(osd))
    number = osd["id"]
    home = STATE / "osd" / f"ceph-{number}"
    if not (home / "mkfs_done").exists():
        say(f"osd.{number}")
        if CHECK:
            return
        home.mkdir(parents=True, exist_ok=True)
        write_private(home / "keyring", f"[osd.{number}]\n\tkey = {osd['cephx_secret']}\n")
        run("truncate", "-s", SPEC["osd_size"], str(home / "block"))
        own(home)
        run("ceph-osd", "-i", str(number), "--mkfs", "--osd-uuid", osd["uuid"], user="ceph")
    if not is_active(f"ceph-osd@{number}"):
        say(f"start osd.{number}")
        if not CHECK:
            start(f"ceph-osd@{number}")


def read_key(path, entity):
    """Give an entity's key from a keyring file."""
    keyring = configparser.ConfigParser(interpolation=None)
    keyring.read_string("\n".join(line.strip() for line in Path(path).read_text().splitlines()))
    return keyring[entity]["key"]


def make_client(cluster, entity, path, caps):
    """Let a client in with the key of its keyring and with these rights, no others."""
    key = read_key(path, entity)
    have = cluster.keyring(entity)
    if have and have["key"] == key and have["caps"] == caps:
        return
    say(f"key of {entity}")
    if not CHECK:
        rights = "".join(f'\tcaps {kind} = "{right}"\n' for kind, right in caps.items())
        cluster.ask("auth import", given=f"[{entity}]\n\tkey = {key}\n{rights}".encode())


def make_pools(cluster):
    """Make the pools of block devices, with the wanted number of copies."""
    have = {pool["pool_name"]: pool for pool in cluster.ask("osd pool ls", detail="detail")}
    for name in SPEC["pools"]:
        pool = have.get(name)
        if pool is None:
            say(f"pool {name}")
            if CHECK:
                continue
            cluster.ask("osd pool create", pool=name, pg_num=SPEC["placement_groups"], pgp_num=SPEC["placement_groups"])
        elif pool["size"] != SPEC["copies"]:
            say(f"copies of {name}: {pool['size']} to {SPEC['copies']}")
            if CHECK:
                continue
            cluster.ask("osd pool set", pool=name, var="size", val=str(SPEC["copies"]), yes_i_really_mean_it=True)
        if "rbd" not in (pool or {}).get("application_metadata", {}):
            say(f"pool {name} holds block devices")
            if not CHECK:
                cluster.ask("osd pool application enable", pool=name, app="rbd")


def await_module(cluster, name):
    """Wait until a manager told the monitors of a module: before, those of a new cluster refuse it and its options."""
    deadline = time.monotonic() + 120
    while True:
        told = cluster.ask("mgr module ls")
        if name in told["enabled_modules"] or name in {each["name"] for each in told["disabled_modules"]}:
            return
        if time.monotonic() > deadline:
            sys.exit(f"no manager told of its module {name} in 120 s")
        time.sleep(0.5)


def enable_metrics(cluster):
    """Let the active manager tell Prometheus of the cluster, on this host's own address; HAProxy stands in front of it."""
    wanted = {"mgr/prometheus/server_addr": "127.0.0.1", "mgr/prometheus/server_port": "9283"}
    have = {each["name"]: each["value"] for each in cluster.ask("config dump") if each["section"] == "mgr"}
    modules = cluster.ask("mgr module ls")
    if any(have.get(name) != value for name, value in wanted.items()) or "prometheus" not in modules["enabled_modules"]:
        say("metrics of Ceph")
        if not CHECK:
            await_module(cluster, "prometheus")
            for name, value in wanted.items():
                cluster.ask("config set", who="mgr", name=name, value=value)
            cluster.ask("mgr module enable", module="prometheus")


def main():
    """Make what is missing, in the order in which the parts need each other."""
    if not make_monitor():
        say("all that follows a monitor")
        return
    cluster = Cluster()
    make_manager(cluster)
    make_osd(cluster)
    if SPEC["leads"]:
        make_pools(cluster)
        blocks = ", ".join(f"profile rbd pool={pool}" for pool in SPEC["pools"])
        client = {"mgr": "profile rbd", "mon": "profile rbd", "osd": blocks}
        make_client(cluster, "client.openstack", "/etc/ceph/ceph.client.openstack.keyring", client)
        # names, sizes and maps of what is written; an object prefix that is not listed, such as that of the data, stays shut
        maps = ("rbd_directory", "rbd_info", "rbd_trash", "rbd_id.", "rbd_header.", "rbd_object_map.")
        read = ", ".join(f"allow r class-read pool=volumes object_prefix {prefix}" for prefix in maps)
        auditor = {"mon": "allow r", "osd": read}
        make_client(cluster, "client.auditor", "/etc/ceph/ceph.client.auditor.keyring", auditor)
        enable_metrics(cluster)
        for gateway in SPEC["gateways"]:
            rights = {"mon": "allow rw", "osd": "allow rwx"}
            make_client(cluster, f"client.rgw.{gateway}", "/etc/ceph/ceph.client.rgw.keyring", rights)


main()
