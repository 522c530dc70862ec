"""Jobs to systemd timers: one service and one timer for each department and tier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from backup.command import Command, run
from backup.plan import CONTROL_PLANE, Job
from tenants.problem import Problem, UserError

PREFIX = "oneroof-backup-"
PROGRAM = "/usr/local/bin/oneroof"

_SERVICE = """\
# Made by `{maker}`.
[Unit]
Description={description}
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
Environment=ONEROOF_HOME={home}
{workplace}ExecStart={program} {command}
# {why}
KillSignal=SIGINT
KillMode=mixed
TimeoutStopSec=120
Nice=10
{more}UMask=0077
NoNewPrivileges=true
PrivateTmp=true
ProtectSystem=strict
ReadWritePaths={home}
ProtectHome={homes}
ProtectKernelModules=true
ProtectKernelTunables=true
RestrictRealtime=true
RestrictSUIDSGID=true
LockPersonality=true
"""

_TIMER = """\
# Made by `{maker}`.
[Unit]
Description={description}, every {often}

[Timer]
{calendar}
# After the machine was off, one run makes up for all that were missed.
Persistent=true
AccuracySec=1s

[Install]
WantedBy=timers.target
"""


@dataclass(frozen=True)
class Place:
    """Where units run, and what is theirs beyond their command."""

    maker: str
    """The command that writes them."""
    home: Path
    program: Path | str
    why: str
    """Why a unit is asked to end by SIGINT."""
    workplace: Path | None = None
    """Working directory, where the command needs one."""
    more: str = ""
    """Whole lines of the service."""
    homes: str = "true"
    """``ProtectHome=`` of systemd."""


def render_pair(
    name: str, place: Place, *, description: str, command: str, often: str, calendar: Sequence[str]
) -> dict[str, str]:
    """Give a service and its timer by their file names; ``calendar`` are systemd's expressions."""
    workplace = f"WorkingDirectory={place.workplace}\n" if place.workplace else ""
    values = {
        **asdict(place),
        "description": description,
        "command": command,
        "often": often,
        "workplace": workplace,
        "calendar": "\n".join(f"OnCalendar={when}" for when in calendar),
    }
    return {f"{name}.service": _SERVICE.format(**values), f"{name}.timer": _TIMER.format(**values)}


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
        whose, selection = job.department, job.department
        if job.department == CONTROL_PLANE:
            whose, selection = "the control plane", "--control-plane"
        units |= render_pair(
            f"{PREFIX}{job.department}-{job.tier}",
            _on_operations(home, program),
            description=f"Backup of {whose}, tier {job.tier}",
            command=f"backup run --local --tier {job.tier} {selection}",
            often=f"{job.every / timedelta(hours=1):g} h",
            calendar=render_calendar(job.start, job.every),
        )
    return units


def render_probe_units(home: Path, program: str = PROGRAM) -> dict[str, str]:
    """Give the units of the daily probe of the vault."""
    return render_pair(
        PROBE,
        _on_operations(home, program),
        description="Probe of what the vault must refuse",
        command="vault probe --local",
        often="24 h",
        calendar=render_calendar(_PROBED_AT, timedelta(days=1)),
    )


def _on_operations(home: Path, program: str) -> Place:
    why = "restic 0.14 removes its lock after SIGINT only."
    return Place("oneroof backup timers", home, program, why, more="IOSchedulingClass=idle\n")


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
