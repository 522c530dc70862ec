"""Make a user of Ceph's gateway that may read the statistics of all containers and nothing else; print what changed.

Reads from standard input {gateway, uid, access_key, secret_key}; ``--apply`` makes it so, ``--check`` only says. By
metadata, since the command that makes users takes keys as arguments alone, where the process list shows them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def build_user(wish: dict[str, str]) -> dict[str, Any]:
    """Give what the gateway keeps of the user: no container of its own, no operation but reading, one capability."""
    no_limit = {"enabled": False, "check_on_raw": False, "max_size": -1, "max_size_kb": 0, "max_objects": -1}
    return {
        "user_id": wish["uid"],
        "display_name": wish["uid"],
        "email": "",
        "suspended": 0,
        "max_buckets": -1,
        "subusers": [],
        "keys": [{"user": wish["uid"], "access_key": wish["access_key"], "secret_key": wish["secret_key"]}],
        "swift_keys": [],
        "caps": [{"type": "buckets", "perm": "read"}],
        "op_mask": "read",
        "default_placement": "",
        "default_storage_class": "",
        "placement_tags": [],
        "bucket_quota": no_limit,
        "user_quota": no_limit,
        "temp_url_keys": [],
        "type": "rgw",
        "mfa_ids": [],
        "attrs": [],
    }


def main() -> None:
    """Read the wish and make it so, or say what would be made."""
    wish = json.load(sys.stdin)
    user = build_user(wish)

    def metadata(verb: str, given: str = "") -> subprocess.CompletedProcess[str]:
        argv = ["radosgw-admin", "-n", f"client.{wish['gateway']}", "metadata", verb, f"user:{wish['uid']}"]
        return subprocess.run(argv, input=given, capture_output=True, text=True, check=False)

    there = metadata("get")
    if there.returncode == 0:
        held = json.loads(there.stdout)["data"]
        if all(held.get(name) == value for name, value in user.items() if name != "attrs"):
            return
    if sys.argv[1:] == ["--apply"]:
        whole = {"key": f"user:{wish['uid']}", "ver": {"tag": "oneroof", "ver": 1}, "mtime": "0.000000", "data": user}
        done = metadata("put", json.dumps(whole))
        if done.returncode != 0:
            sys.exit(done.stderr)
    print(f"user {wish['uid']} of the gateway")


if __name__ == "__main__":
    main()
