"""An inventory and the listings of accounts as things that can be lost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from backup.coverage.holdings import Holding, Unread, build_holdings
from infra.inventory.accounts import HeldContainer
from infra.inventory.model import Domain, Failure, Image, Inventory, Project, Server, Volume

MADE = "2026-11-02T08:00:00Z"
AT = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def inventory(**parts: Any) -> Inventory:
    empty = dict.fromkeys(Inventory.__dataclass_fields__)
    told = {"schema_version": 1, "collected_at": "2026-11-25T12:00:00+00:00", "failures": (), **parts}
    return Inventory(**{**empty, **told})


def project(identifier: str, name: str, domain: str) -> Project:
    return Project(identifier, name, domain, enabled=True, description="", tags=())


def server(name: str, image: str | None, disk: int) -> Server:
    return Server(f"s-{name}", name, "p1", "ACTIVE", "tiny", 1, 256, disk, "a", image, (), (), (), MADE)


def test_everything_that_holds_data_is_told_with_whose_it_is() -> None:
    found = build_holdings(
        inventory(
            domains=(Domain("d1", "health", enabled=True, description=""),),
            projects=(project("p1", "health-prod", "d1"), project("p0", "admin", "default")),
            volumes=(Volume("v1", "data", "p1", "in-use", 2, "standard", False, False, (), "2026-11-02T08:00:00.000000"),),
            images=(
                Image("i1", "tiny", "p0", "active", "public", 5, "raw", MADE),
                Image("i2", "half", "p1", "queued", "private", None, "raw", MADE),
            ),
            servers=(server("web", "i1", 1), server("from-volume", None, 1), server("gone-image", "i9", 1)),
            failures=(Failure("snapshots", "503"),),
        ),
        {"p1": [HeldContainer("papers", 7)]},
        [Unread("containers of x", "500")],
    )
    assert found.things == (
        Holding("", "image", "admin/tiny", "i1", 5, AT, public=True),
        Holding("health", "volume", "prod/data", "v1", 2 << 30, AT),
        Holding("health", "server", "prod/gone-image", "s-gone-image", 1 << 30, AT, of_image="i9"),
        Holding("health", "container", "prod/papers", "papers", 7),
        Holding("health", "server", "prod/web", "s-web", 1 << 30, AT, of_image="tiny"),
    )
    assert found.unread == (Unread("snapshots", "503"), Unread("containers of x", "500"))
    assert found.at == datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
