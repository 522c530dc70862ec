"""Ansible module: write all configuration files of a service in one task.

A task for each file costs half a second or more, and a cloud has some forty of them; this costs one for all. It
writes what differs, whole or not at all (rename), and shows the difference in ``--diff`` unless a file holds secrets.
"""

from __future__ import annotations

import grp
import os
import pwd
import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: config_files
short_description: Write configuration files, all of a service in one task
options:
  files:
    description: The files; missing parent directories are made.
    type: list
    elements: dict
    required: true
    suboptions:
      path: {description: Where it lies., type: path, required: true}
      content: {description: What it holds., type: str}
      secret_content: {description: The same for what must be in no log and no difference., type: str}
      owner: {description: Its user., type: str, default: root}
      group: {description: Its group., type: str, default: root}
      mode: {description: Its permissions, octal., type: str, default: "0644"}
  pending_since:
    description:
      - When a run began that did not come to its end, seconds since the epoch; 0 where there was none.
      - What was written since counts as changed once more, so that the service that reads it is told again.
    type: float
    default: 0
"""

FILE = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str"},
    "secret_content": {"type": "str", "no_log": True},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str", "default": "root"},
    "mode": {"type": "str", "default": "0644"},
}


def content_of(wish: dict[str, Any]) -> bytes:
    """Give what the file must hold; it ends with one newline."""
    text = wish["content"] if wish["secret_content"] is None else wish["secret_content"]
    return f"{text.strip(chr(10))}\n".encode()


def described(path: Path) -> tuple[bytes | None, str]:
    """Give what a file holds, None where there is none, and its owner, group and permissions."""
    if not path.exists():
        return None, ""
    status = path.stat()
    return path.read_bytes(), f"{status.st_uid}:{status.st_gid} {status.st_mode & 0o7777:04o}"


def write(path: Path, content: bytes, user: int, group: int, mode: int) -> None:
    """Put the file in its place, complete and with its permissions from the first moment."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as new:
            new.write(content)
            os.fchown(new.fileno(), user, group)
            os.fchmod(new.fileno(), mode)
        Path(name).rename(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def is_pending(path: Path, since: float) -> bool:
    """Tell whether a file was written by a run that may have ended before it told the service."""
    return bool(since) and path.stat().st_mtime >= since


def number(name: str, look_up: Any, dry: bool) -> int:
    """Give the number of a user or group; before the first deployment a plan may not know it yet."""
    try:
        return int(look_up(name)[2])
    except KeyError:
        if dry:
            return -1
        raise


def main() -> None:
    """Compare each file with the wish and write those that differ."""
    module = AnsibleModule(
        argument_spec={
            "files": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": FILE,
                "required_one_of": [("content", "secret_content")],
                "mutually_exclusive": [("content", "secret_content")],
            },
            "pending_since": {"type": "float", "default": 0.0},
        },
        supports_check_mode=True,
    )
    diffs, changed = [], []
    for wish in module.params["files"]:
        path, content, mode = Path(wish["path"]), content_of(wish), int(wish["mode"], 8)
        user = number(wish["owner"], pwd.getpwnam, module.check_mode)
        group = number(wish["group"], grp.getgrnam, module.check_mode)
        have, have_access = described(path)
        access = f"{user}:{group} {mode:04o}"
        right = have == content and have_access == access
        if right and not is_pending(path, module.params["pending_since"]):
            continue
        changed.append(str(path))
        secret = wish["secret_content"] is not None
        diffs.append(
            {
                "before_header": f"{path} {have_access}",
                "after_header": f"{path} {access}",
                "before": "" if secret or have is None else have.decode(errors="replace"),
                "after": "(holds secrets)\n" if secret else content.decode(),
            }
        )
        if not (right or module.check_mode):
            write(path, content, user, group, mode)
    module.exit_json(changed=bool(changed), paths=changed, diff=diffs)


if __name__ == "__main__":
    main()
