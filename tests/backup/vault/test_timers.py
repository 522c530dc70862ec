"""The operator's machine does daily what it alone may do for the vault, by units that systemd takes."""

from __future__ import annotations

import re
import shutil
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from backup.policy import load_policy
from backup.schedule import PREFIX as OPERATIONS
from backup.schedule import compare_units, render_probe_units, verify_units
from backup.vault.timers import PREFIX, render_operator_units
from tenants.installation import repository

PROGRAM = Path(sys.executable).parent / "oneroof"
TERMS = load_policy().vault


def units(home: Path) -> dict[str, str]:
    return render_operator_units(TERMS, home, repository(), PROGRAM)


def test_retention_and_due_drills_run_daily_at_the_policy_s_times(tmp_path: Path) -> None:
    made = units(tmp_path)
    assert sorted(made) == [f"{PREFIX}{name}.{kind}" for name in ("drill", "retain") for kind in ("service", "timer")]
    assert f"ExecStart={PROGRAM} vault retain\n" in made[f"{PREFIX}retain.service"]
    assert f"ExecStart={PROGRAM} drill --if-due\n" in made[f"{PREFIX}drill.service"]
    later = render_operator_units(TERMS.model_copy(update={"retain_at": timedelta(hours=21)}), tmp_path, tmp_path, PROGRAM)
    assert re.findall("OnCalendar=.*", later[f"{PREFIX}retain.timer"]) == ["OnCalendar=*-*-* 21:00:00 UTC"]
    for name, text in made.items():
        assert name.endswith(".service") or "Persistent=true" in text, "what was missed is made up for"


def test_systemd_takes_them(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze on this machine")
    verify_units(units(tmp_path))


def test_they_and_those_of_the_operations_host_leave_each_other_alone(tmp_path: Path) -> None:
    for name, text in (render_probe_units(tmp_path) | units(tmp_path)).items():
        (tmp_path / name).write_text(text)
    assert compare_units(units(tmp_path), tmp_path, PREFIX) == ([], [])
    assert compare_units(render_probe_units(tmp_path), tmp_path, OPERATIONS) == ([], [])
