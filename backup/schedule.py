"""Jobs to systemd timers: one service and one timer for each department and tier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from backup.command import Command, run
from backup.plan import CONTROL_PLANE, Job
from tenants.problem import Problem, UserError

PREFIX = "oneroof-backup-"
PROGRAM = "/usr/local/bin/oneroof"

_SERVICE = """\
# Made by `oneroof backup timers`.
[Unit]
Description={description}
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
Environment=ONEROOF_HOME={home}
ExecStart={program} {command}
# restic 0.14 removes its lock after SIGINT only.
KillSignal=SIGINT
KillMode=mixed
TimeoutStopSec=120
Nice=10
IOSchedulingClass=idle
UMask=0077
NoNewPrivileges=true
PrivateTmp=true
ProtectSystem=strict
ReadWritePaths={home}
ProtectHome=true
ProtectKernelModules=true
ProtectKernelTunables=true
RestrictRealtime=true
RestrictSUIDSGID=true
LockPersonality=true
"""

_TIMER = """\
# Made by `oneroof backup timers`.
[Unit]
Description={description}, every {hours} h

[Timer]
{calendar}
# After the machine was off, one run makes up for all that were missed.
Persistent=true
AccuracySec=1s

[Install]
WantedBy=timers.target
"""


PROBE = f"{PREFIX}vault-probe"
"""No department's units: those end with a tier's name."""
_PROBED_AT = timedelta(hours=5)


def render_calendar(start: timedelta, every: timedelta) -> list[str]:
    """Give systemd's calendar expressions of every run of a day, UTC."""
    runs = int(timedelta(days=1) / every)
    minutes = sorted(int((start + every * n).total_seconds() // 60) % 1440 for n in range(runs))
    return [f"*-*-* {m // 60:02}:{m % 60:02}:00 UTC" for m in minutes]


def render_units(jobs: Iterable[Job], home: Path, program: str = PROGRAM) -> dict[str, str]:
    """Give the text of every unit by its file name."""
    units: dict[str, str] = {}
    for job in jobs:
        name = f"{PREFIX}{job.department}-{job.tier}"
        whose, selection = job.department, job.department
        if job.department == CONTROL_PLANE:
            whose, selection = "the control plane", "--control-plane"
        values = {
            "description": f"Backup of {whose}, tier {job.tier}",
            "home": home,
            "program": program,
            "command": f"backup run --local --tier {job.tier} {selection}",
            "hours": f"{job.every / timedelta(hours=1):g}",
            "calendar": "\n".join(f"OnCalendar={when}" for when in render_calendar(job.start, job.every)),
        }
        units[f"{name}.service"] = _SERVICE.format(**values)
        units[f"{name}.timer"] = _TIMER.format(**values)
    return units


def render_probe_units(home: Path, program: str = PROGRAM) -> dict[str, str]:
    """Give the units of the daily probe of the vault."""
    values = {
        "description": "Probe of what the vault must refuse",
        "home": home,
        "program": program,
        "command": "vault probe --local",
        "hours": "24",
        "calendar": "\n".join(f"OnCalendar={when}" for when in render_calendar(_PROBED_AT, timedelta(days=1))),
    }
    return {f"{PROBE}.service": _SERVICE.format(**values), f"{PROBE}.timer": _TIMER.format(**values)}


def compare_units(wanted: Mapping[str, str], directory: Path, prefix: str = PREFIX) -> tuple[list[str], list[str]]:
    """Give the units to write and the units to remove, among those whose names begin with a prefix."""
    present = {f.name: f.read_text(encoding="utf-8") for f in sorted(directory.glob(f"{prefix}*"))}
    return (
        sorted(name for name, text in wanted.items() if present.get(name) != text),
        sorted(name for name in present if name not in wanted),
    )


def verify_units(units: Mapping[str, str]) -> None:
    """Have systemd read units before they are installed; raise :class:`UserError` with what it says."""
    with TemporaryDirectory() as directory:
        for name, text in units.items():
            Path(directory, name).write_text(text, encoding="utf-8")
        files = sorted(str(Path(directory, name)) for name in units)
        ended = run(Command(("systemd-analyze", "verify", "--man=no", *files))) if files else None
    if ended is not None and not ended.ok:
        raise UserError(Problem(f"systemd refuses the timers: {ended.reason}"))


def install_units(wanted: Mapping[str, str], directory: Path, *, dry_run: bool, prefix: str = PREFIX) -> list[str]:
    """Make the timers of a directory of systemd those that are wanted; give the units that changed or would change."""
    write, remove = compare_units(wanted, directory, prefix)
    if dry_run or not (write or remove):
        return write + remove
    verify_units({name: wanted[name] for name in write})
    if gone := [name for name in remove if name.endswith(".timer")]:
        _systemctl("disable", "--now", *gone)
    for name in remove:
        (directory / name).unlink()
    for name in write:
        (directory / name).write_text(wanted[name], encoding="utf-8")
    _systemctl("daemon-reload")
    if timers := [name for name in write if name.endswith(".timer")]:
        _systemctl("enable", *timers)
        _systemctl("restart", *timers)  # a running timer keeps its old calendar until then
    return write + remove


def _systemctl(*arguments: str) -> None:
    ended = run(Command(("systemctl", *arguments)), timeout=timedelta(minutes=2))
    if not ended.ok:
        raise UserError(Problem(ended.reason))
