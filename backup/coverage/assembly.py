"""Coverage of one installation: its cloud, its declarations and its records, read and judged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from backup.coverage.holdings import Holdings, collect_holdings
from backup.coverage.judgement import Judged, judge
from backup.departments import load_kept
from backup.plan import build_jobs
from backup.policy import load_policy
from backup.records import load_backups, newest_restorable
from tenants.installation import Installation


def judge_cloud(
    installation: Installation, cloud: str = "oneroof", directory: Path | None = None
) -> tuple[Holdings, tuple[Judged, ...]]:
    """Read everything and judge it."""
    return judge_again(installation, cloud, directory)()


def judge_again(
    installation: Installation, cloud: str = "oneroof", directory: Path | None = None
) -> Callable[[], tuple[Holdings, tuple[Judged, ...]]]:
    """Give what reads and judges, each time over the same connection."""
    from infra.inventory.connect import connect  # imports the OpenStack SDK

    connection = connect(installation, cloud)

    def read() -> tuple[Holdings, tuple[Judged, ...]]:
        departments, policy = load_kept(installation.records, directory), load_policy()
        newest = newest_restorable(load_backups(installation.records))
        with_containers = {d.cloud_name(p.name) for d in departments for p in d.projects if p.containers}
        holdings = collect_holdings(connection, with_containers)
        return holdings, judge(holdings, departments, build_jobs(departments, policy), policy, newest)

    return read
