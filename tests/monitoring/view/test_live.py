"""What the department's own token read is joined with what was published; each says of itself what is not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from infra.inventory.model import Failure, Image, Network, Server, Subnet, Volume
from infra.inventory.own import Account, Limit, OwnContainer, OwnProject
from monitoring.view.live import join
from monitoring.view.model import Asked, Kept, ProjectView, ServerView, Use, View, VolumeView
from monitoring.view.table import print_view

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GIB = 1024**3


@pytest.fixture
def own() -> OwnProject:
    server = Server(
        "s1", "web", "p1", "ACTIVE", "tiny", 1, 256, 1, None, None, ("v1",), ("10.20.0.9",), ("10.88.8.10",), "2026-11-01"
    )
    return OwnProject(
        domain="health",
        project="health-prod",
        project_id="p1",
        read_at=NOW,
        compute={"servers": Limit(1, 4), "cores": Limit(1, 8), "memory": Limit(GIB, None)},
        block_storage=None,
        floating_addresses=Limit(1, 2),
        servers=(server,),
        volumes=(Volume("v1", "data", "p1", "in-use", 3, "standard", False, False, ("s1",), "2026-11-01"),),
        networks=(
            Network("n1", "front", "p1", "ACTIVE", False, False, 1442, ("sub1",)),
            Network("n2", "exchange", "other", "ACTIVE", False, True, 1442, ()),
            Network("n3", "public", "operator", "ACTIVE", True, True, 1442, ()),
        ),
        subnets=(Subnet("sub1", "front", "p1", "n1", "10.20.0.0/24", "10.20.0.1", True),),
        images=(Image("i1", "base", "other", "active", "shared", 1, "raw", "2026-11-01"),),
        account=Account(4096, 50 * GIB, (OwnContainer("files", 2, 4096, "p9:*", ""),)),
        failures=(Failure("block storage limits", "503"),),
    )


@pytest.fixture
def published() -> View:
    project = ProjectView(
        "prod",
        purpose="Portal",
        servers=(ServerView("web", "active", "tiny", probe=Asked(80, "/", "Clinic")),),
        volumes=(VolumeView("data", 3, "gold"),),
    )
    at = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
    kept = Kept("volume", "prod/data", "gold", None, None, None)
    missing = {"what is shared": "told to you alone", "other costs": "nobody knows"}
    return View("health", "卫生", at, at, False, (project, ProjectView("test")), recovery=(kept,), missing=missing)


def test_the_token_says_what_is_there_and_the_published_what_it_is_for(own: OwnProject, published: View) -> None:
    view = join("health", [own], published)
    prod = view.projects[0]
    assert (prod.name, prod.purpose) == ("prod", "Portal")
    (server,) = prod.servers
    assert (server.status, server.volumes, server.floating_addresses) == ("active", ("data",), ("10.88.8.10",))
    assert server.probe == Asked(80, "/", "Clinic")
    assert prod.volumes == (VolumeView("data", 3, "gold", "web"),)
    assert (view.at, view.published_at, view.token) == (NOW, published.at, True)
    assert view.recovery == published.recovery


def test_shares_are_what_the_services_say(own: OwnProject) -> None:
    shares = join("health", [own], None).projects[0].shares
    assert shares is not None
    assert [(s.direction, s.kind, s.name, s.rights) for s in shares] == [
        ("given", "container", "files", "read: p9:*"),
        ("received", "network", "exchange", "use"),
        ("received", "image", "base", "read"),
    ]


def test_no_limit_is_told_apart_from_what_could_not_be_read(own: OwnProject) -> None:
    view = join("health", [own], None)
    assert Use("memory", GIB, None) in view.projects[0].uses
    assert "volumes" not in {use.resource for use in view.projects[0].uses}
    assert view.missing["prod: block storage limits"] == "503"


def test_without_anything_published_it_says_who_would_know(own: OwnProject) -> None:
    view = join("health", [own], None)
    assert view.published_at is None
    assert "--published" in view.missing["costs"]


def test_a_project_without_an_entry_is_shown_as_published_and_told(own: OwnProject, published: View) -> None:
    view = join("health", [own], published)
    assert [project.name for project in view.projects] == ["prod", "test"]
    assert "clouds.yaml has no entry" in view.missing["project test"]
    assert "what is shared" not in view.missing


def test_names_are_printed_as_they_are(own: OwnProject, published: View, capsys: pytest.CaptureFixture[str]) -> None:
    strange = replace(own, volumes=(replace((own.volumes or ())[0], name="[bold]data[/bold]"),))
    print_view(join("health", [strange], published))
    said = capsys.readouterr()
    assert "prod/[bold]data[/bold]" in said.out
    assert "50.0 GiB" in said.out
    assert "not known: prod: block storage limits: 503" in said.err
