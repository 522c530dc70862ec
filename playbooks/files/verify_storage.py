"""Ask Ceph as its block client does: is it well, and does every pool open; print {good, problems}, a line each.

Reads {pools} as JSON from standard input.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

rados: Any = importlib.import_module("rados")  # Debian's, untyped
rbd: Any = importlib.import_module("rbd")


def main() -> None:
    """Ask for the cluster's health and list the images of every pool."""
    wish = json.load(sys.stdin)
    good: list[str] = []
    problems: list[str] = []
    try:
        with rados.Rados(conffile="/etc/ceph/ceph.conf", rados_id="openstack") as cluster:
            cluster.conf_set("rados_mon_op_timeout", "30")
            _, answer, _ = cluster.mon_command(json.dumps({"prefix": "health", "format": "json"}), b"")
            health = json.loads(answer)
            summaries = [check["summary"]["message"] for check in health["checks"].values()]
            (problems if health["status"] == "HEALTH_ERR" else good).append(
                "; ".join([f"Ceph: {health['status']}", *summaries])
            )
            for pool in wish["pools"]:
                with cluster.open_ioctx(pool) as opened:
                    good.append(f"Ceph: pool {pool} holds {len(rbd.RBD().list(opened))} images")
    except rados.Error as error:
        problems.append(f"Ceph: {error}")
    print(json.dumps({"good": good, "problems": problems}))


if __name__ == "__main__":
    main()
