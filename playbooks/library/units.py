"""Ansible module: have several systemd units enabled and running, asked and told in one go.

``ansible.builtin.systemd_service`` takes one unit and asks systemd five times; OpenStack has thirteen units on one host.
"""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: units
short_description: Have several systemd units enabled and running
options:
  names:
    description: The units, with their suffix.
    type: list
    elements: str
    required: true
  wait:
    description: Whether to come back only when the units say that they are ready.
    type: bool
    default: true
"""


def parse_states(shown: str) -> dict[str, dict[str, str]]:
    """Read what ``systemctl show`` says of several units: blocks of KEY=VALUE with an empty line between them."""
    blocks = [dict(line.split("=", 1) for line in block.splitlines()) for block in shown.strip().split("\n\n")]
    return {block["Id"]: block for block in blocks}


def unfinished(states: dict[str, dict[str, str]]) -> dict[str, str]:
    """Give the units that are not as they should be, and how they are."""
    settled = ("enabled", "static")
    return {
        name: f"{state['UnitFileState'] or 'absent'}, {state['ActiveState']}"
        for name, state in states.items()
        if state["UnitFileState"] not in settled or state["ActiveState"] not in ("active", "activating", "reloading")
    }


def main() -> None:
    """Compare the units' states with the wish and start what does not run."""
    module = AnsibleModule(
        argument_spec={
            "names": {"type": "list", "elements": "str", "required": True},
            "wait": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    names = module.params["names"]

    def systemctl(*arguments: str) -> str:
        code, out, error = module.run_command(["systemctl", *arguments])
        if code:
            module.fail_json(msg=f"systemctl {' '.join(arguments)}: {(error or out).strip()}")
        return str(out)

    states = parse_states(systemctl("show", "--property=Id,UnitFileState,ActiveState", *names))
    wrong = unfinished(states)
    diff: dict[str, Any] = {
        "before": "".join(f"{name}: {how}\n" for name, how in wrong.items()),
        "after": "".join(f"{name}: enabled, active\n" for name in wrong),
    }
    if not module.check_mode:
        if wrong:
            systemctl("enable", "--quiet", *names)
        if wrong or module.params["wait"]:
            # Starting what runs does nothing; starting what is on its way waits for it.
            systemctl("start", *([] if module.params["wait"] else ["--no-block"]), *names)
    module.exit_json(changed=bool(wrong), units=wrong, diff=diff)


if __name__ == "__main__":
    main()
