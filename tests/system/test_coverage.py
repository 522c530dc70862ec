"""Against the real cloud: what nobody declared is a gap until it is gone, and the report of it is derived again."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openstack.connection import Connection

NAME = "coverage-by-hand"

pytestmark = pytest.mark.system


@pytest.fixture
def by_hand(cloud: Connection) -> Iterator[Any]:
    """A volume that no declaration has."""
    made = cloud.block_storage.create_volume(name=NAME, size=1)
    yield cloud.block_storage.wait_for_status(made, "available", wait=60)
    cloud.block_storage.delete_volume(made, ignore_missing=True)
    cloud.block_storage.wait_for_delete(made, wait=60)


def coverage(command: Path, *words: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run([command, "backup", "coverage", "--format", "json", *words], capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)


def test_the_sample_departments_have_no_gap(command: Path, oneroof: Callable[..., str]) -> None:
    declared = [line.split()[0] for line in oneroof("tenants", "check").splitlines()[1:] if not line.startswith("  ")]
    code, told = coverage(command, *declared)
    assert [t for t in told["things"] if t["gap"] and t["state"] != "undeclared"] == []
    assert code == (1 if told["gaps"] or told["unread"] else 0)
    assert {"covered", "waived", "rebuilt"} <= {t["state"] for t in told["things"]}


def test_a_volume_made_by_hand_is_a_gap_with_its_owner_and_age(command: Path, by_hand: Any) -> None:
    code, told = coverage(command, "control-plane")
    (found,) = [thing for thing in told["things"] if thing["id"] == by_hand.id]
    assert code == 1
    assert (found["state"], found["gap"], found["department"]) == ("undeclared", True, "control-plane")
    assert found["name"].endswith(f"/{NAME}")
    assert found["created_at"].startswith(by_hand.created_at[:16])


def test_the_report_follows_from_the_ledger_and_a_changed_figure_is_named(command: Path, tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([command, "report", *words], capture_output=True, text=True, check=False)

    made = run("recovery", "--output", str(tmp_path))
    assert made.returncode == 0, made.stderr
    file = tmp_path / "recovery.json"
    verified = run("verify", str(file))
    assert verified.returncode == 0, verified.stderr
    told = json.loads(file.read_text())
    (place, item) = next(
        (department["department"], item)
        for department in told["departments"]
        for item in department["items"]
        if item["recovery_time"]["measured"] is not None
    )
    item["recovery_time"]["measured"] = 0.001
    file.write_text(json.dumps(told))
    changed = run("verify", str(file))
    assert changed.returncode == 1
    assert f"departments[{place}].items[{item['name']}].recovery_time.measured: got 0.001, expected" in changed.stderr
