"""What a department's file in the home says, and who may read what goes beside it."""

from datetime import UTC, date, datetime
from pathlib import Path

from infra.apply import digest, lost_data
from infra.credentials import build_clouds
from infra.desired import build_desired
from infra.outcome import build_outcome, load_outcome, outcome_file, write_outcome
from tenants.declaration.load import load_catalogue, load_departments
from tenants.installation import Installation

DECLARED = Path(__file__).parent / "data" / "declared"
TODAY = date(2026, 1, 2)
CATALOGUE = load_catalogue(DECLARED)
PARKS = load_departments(DECLARED, CATALOGUE)[0]
OUTPUTS = {
    "domain_id": "d1",
    "projects": {
        "prod": {
            "id": "p1",
            "router_address": "10.0.0.9",
            "networks": {"front": "n1", "back": "n2"},
            "volumes": {"data": "v1", "index": "v2"},
            "containers": ["papers"],
            "servers": {
                "site": {"id": "s1", "fixed_address": "10.20.64.4", "floating_address": "10.0.0.10"},
                "db": {"id": "s2", "fixed_address": "10.20.65.4", "floating_address": None},
            },
        }
    },
    "groups": {"ops": "g1"},
    "users": {"operator": "u1"},
}
OUTCOME = build_outcome(PARKS, OUTPUTS, cloud="oneroof", digest="abc", applied_at=datetime(2026, 1, 2, tzinfo=UTC))


def test_an_outcome_joins_what_was_declared_with_what_came_of_it() -> None:
    (project,) = OUTCOME.projects
    assert [(server["name"], server["floating_address"]) for server in project["servers"]] == [
        ("site", "10.0.0.10"),
        ("db", None),
    ]
    assert project["servers"][0]["probe"] == {"port": 80, "path": "/", "expect": "Parks"}
    assert [(volume["name"], volume["id"], volume["recovery"]) for volume in project["volumes"]] == [
        ("data", "v1", "silver"),
        ("index", "v2", "silver"),
    ]
    assert project["containers"] == [{"name": "papers", "recovery": "gold"}]


def test_an_outcome_is_read_as_it_was_written(tmp_path: Path) -> None:
    home = Installation(tmp_path)
    assert write_outcome(home, OUTCOME) == tmp_path / "departments" / "parks.json"
    assert load_outcome(home, "parks") == OUTCOME
    assert load_outcome(home, "parks", "other") is None
    assert outcome_file(home, "parks", "other") == tmp_path / "departments" / "other" / "parks.json"


def test_the_digest_changes_with_the_catalogue_and_the_way_outside_alone() -> None:
    desired = build_desired(PARKS, CATALOGUE, TODAY)
    limits = CATALOGUE.quota_classes["small"].model_copy(update={"volumes": 3})
    other = CATALOGUE.model_copy(update={"quota_classes": {**CATALOGUE.quota_classes, "small": limits}})
    assert digest(desired, "public") == digest(build_desired(PARKS, CATALOGUE, TODAY), "public")
    assert digest(desired, "public") != digest(build_desired(PARKS, other, TODAY), "public")
    assert digest(desired, "public") != digest(desired, "outside")


def test_only_data_that_is_no_longer_declared_is_lost() -> None:
    urn = "urn:pulumi:parks::oneroof::x$oneroof:block_storage:Volume::prod/"
    resources = [
        {"type": "oneroof:block_storage:Volume", "urn": urn + "data"},
        {"type": "oneroof:block_storage:Volume", "urn": urn + "old"},
        {"type": "oneroof:network:Router", "urn": "urn:pulumi:parks::oneroof::oneroof:network:Router::prod"},
    ]
    assert lost_data(resources, frozenset({"prod/data"})) == ("volume prod/old",)


def test_credentials_take_addresses_from_the_operator_and_no_secret() -> None:
    operator = {
        "auth": {"auth_url": "https://10.0.0.1:5000/v3", "username": "admin", "password": "operator's"},
        "region_name": "RegionOne",
        "cacert": "/ca.pem",
    }
    entry = build_clouds(OUTCOME, {"operator": "its own"}, operator)["clouds"]["parks-prod-operator"]
    assert (entry["auth"]["password"], entry["auth"]["user_domain_name"]) == ("its own", "parks")
    assert (entry["region_name"], entry["cacert"]) == ("RegionOne", "/ca.pem")
