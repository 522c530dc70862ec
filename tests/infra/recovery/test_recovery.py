"""What a recovery does in which order, and what it finds missing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from backup.records import BackupRecord, Outcome, Source
from backup.restore.wish import Wish
from infra.recovery.data import Unsaved, find_unsaved
from infra.recovery.images import Wanted, find_missing
from infra.recovery.servers import find_gone
from infra.recovery.steps import build_steps
from infra.steps import Step
from oneroof import cli

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def in_order(steps: tuple[Step, ...]) -> list[str]:
    """Run the steps on paper: each as soon as what it needs is done."""
    done: list[str] = []
    while left := [step for step in steps if step.name not in done]:
        ready = [step.name for step in left if step.needs <= set(done)]
        assert ready, f"{[step.name for step in left]} wait for each other"
        done += ready
    return done


@pytest.mark.parametrize("in_lab", [True, False])
def test_every_step_comes_after_what_it_needs(in_lab: bool) -> None:
    order = in_order(build_steps("oneroof", ["one", "two"], in_lab=in_lab))
    first, *_, last = order
    assert (first, last) == ("shares", "compare")
    for before, after in (
        ("home", "deploy"),
        ("deploy", "control-plane"),
        ("control-plane", "volumes"),
        ("volumes", "servers"),
        ("images", "servers"),
        ("servers", "apply"),
        ("apply", "containers"),
        ("containers", "compare"),
    ):
        assert order.index(before) < order.index(after)
    assert ("lab" in order) is in_lab


@pytest.mark.parametrize("in_lab", [True, False])
def test_every_step_is_a_command_that_exists(in_lab: bool) -> None:
    for step in build_steps("oneroof", [__file__], vault="10.0.0.2", at="2026-11-20T10:00", in_lab=in_lab):
        _, *words = step.argv
        told = CliRunner().invoke(cli, [*words, "--help"])
        assert told.exit_code == 0, f"{step.name}: {told.output}"


def test_where_to_and_when_reach_the_steps_that_ask() -> None:
    steps = {step.name: step.argv for step in build_steps("oneroof", ["s"], vault="v", at="t", in_lab=False)}
    assert steps["shares"] == ("oneroof", "escrow", "combine", "s", "--vault", "v")
    assert steps["home"] == ("oneroof", "restore", "home", "--vault", "v", "--at", "t")


def test_images_are_missing_by_their_ids() -> None:
    rows = "id-1\tabc\ttiny\nid-2\tdef\tmy image\n"
    assert find_missing(rows, ["id-1", "other"]) == (Wanted("id-2", "def", "my image"),)
    assert find_missing("", []) == ()


def test_servers_are_gone_without_their_disk() -> None:
    assert find_gone(["a", "b"], ["a_disk", "a_disk.config", "b_disk.config"]) == ("b",)


def test_only_volumes_that_no_backup_brings_come_back_empty() -> None:
    snapshot = BackupRecord("health", Source.VOLUME, "prod/portal", NOW, NOW, "a" * 64, 1, "b" * 64, Outcome.GOOD)
    rows = (
        "v1\thealth\thealth-prod\tportal\t1\n"  # waits for its snapshot
        "v2\thealth\thealth-test\tportal\t2\n"  # of the same name, in no backup
        "v3\thealth\thealth-test\tscratch\t3\n"  # is there
    )
    wishes = [Wish(snapshot, "prod/portal", is_lost=True)]
    assert find_unsaved(rows, ["volume-v3"], wishes) == (Unsaved("v2", "health", "test/portal", 2),)
