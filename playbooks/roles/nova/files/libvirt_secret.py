"""Give libvirt the key with which emulators open volumes; print what changed.

Reads {uuid, key} from standard input; ``--apply`` makes it so, ``--check`` only says.
"""

from __future__ import annotations

import base64
import importlib
import json
import sys
from typing import Any

libvirt: Any = importlib.import_module("libvirt")  # Debian's, untyped


def kept_key(connection: Any, uuid: str) -> bytes | None:
    """Give the key that libvirt keeps under this name, None where there is none."""
    try:
        return bytes(connection.secretLookupByUUIDString(uuid).value())
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_SECRET:
            return None
        raise


def main() -> None:
    """Compare libvirt's key with the wished one and keep the wished one."""
    wish = json.load(sys.stdin)
    libvirt.registerErrorHandler(lambda *_: None, None)  # errors are raised; they need not be printed as well
    connection = libvirt.open("qemu:///system")
    key = base64.b64decode(wish["key"])
    if kept_key(connection, wish["uuid"]) == key:
        return
    print("key of client.openstack")
    if sys.argv[1:] == ["--apply"]:
        description = (
            f"<secret ephemeral='no' private='no'><uuid>{wish['uuid']}</uuid>"
            "<usage type='ceph'><name>client.openstack</name></usage></secret>"
        )
        connection.secretDefineXML(description).setValue(key)


if __name__ == "__main__":
    main()
