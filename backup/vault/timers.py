"""Timers of the operator's machine: what it alone may do for the vault, every day at the policy's times (decision 9)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from backup.policy import VaultTerms
from backup.schedule import render_calendar

PREFIX = "oneroof-operator-"
"""Of these units alone: those of the operations host begin otherwise."""

_SERVICE = """\
# Made by `oneroof vault timers`.
[Unit]
Description={description}
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
Environment=ONEROOF_HOME={home}
WorkingDirectory={checkout}
ExecStart={program} {command}
# What runs at the vault is interrupted with it, and the lease ends with it.
KillSignal=SIGINT
KillMode=mixed
TimeoutStopSec=120
Nice=10
UMask=0077
NoNewPrivileges=true
PrivateTmp=true
ProtectSystem=strict
ReadWritePaths={home}
ProtectHome=read-only
ProtectKernelModules=true
ProtectKernelTunables=true
RestrictRealtime=true
RestrictSUIDSGID=true
LockPersonality=true
"""

_TIMER = """\
# Made by `oneroof vault timers`.
[Unit]
Description={description}, every day

[Timer]
OnCalendar={calendar}
# After the machine was off, one run makes up for all that were missed.
Persistent=true
AccuracySec=1s

[Install]
WantedBy=timers.target
"""


def render_operator_units(terms: VaultTerms, home: Path, checkout: Path, program: Path) -> dict[str, str]:
    """Give the text of every unit by its file name."""
    wanted = (
        ("retain", "vault retain", terms.retain_at, "Removing from the vault what need no longer be kept"),
        ("drill", "drill --if-due", terms.drill_at, "Restore drills that are due"),
    )
    units: dict[str, str] = {}
    for name, command, at, description in wanted:
        values = {
            "description": description,
            "home": home,
            "checkout": checkout,
            "program": program,
            "command": command,
            "calendar": render_calendar(at, timedelta(days=1))[0],
        }
        units[f"{PREFIX}{name}.service"] = _SERVICE.format(**values)
        units[f"{PREFIX}{name}.timer"] = _TIMER.format(**values)
    return units
