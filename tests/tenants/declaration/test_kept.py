"""Images and databases of a project: every mistake is one sentence, and nothing declared is ever run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tenants.declaration.load import load_departments
from tenants.problem import Problem

AUTHORITY = "|\n          -----BEGIN CERTIFICATE-----\n          MIIBszCCAVmgAwIBAgIU\n          -----END CERTIFICATE-----\n"
BODY = """\
projects:
  - name: prod
    networks: [{{name: front, cidr: 10.20.0.0/24}}]
    servers:
      - {{name: db, flavor: tiny, image: tiny, floating_ip: true}}
      - {{name: inside, flavor: tiny, image: tiny}}
    images: [{{name: base}}, {{name: {image}, recovery: {tier}}}]
    databases:
      - name: registry
        server: {server}
        schemas: [{schema}]
        user: {user}
        authority: {authority}"""
RIGHT = {
    "image": "tools",
    "tier": "silver",
    "server": "db",
    "schema": "registry",
    "user": "backup",
    "authority": AUTHORITY,
}


def test_what_is_left_out_is_filled_in(directory: Path, problems: Callable[..., tuple[Problem, ...]]) -> None:
    assert problems(forestry=BODY.format(**RIGHT)) == ()
    (department,) = load_departments(directory)
    (project,) = department.projects
    assert [(image.name, image.recovery) for image in project.images] == [("base", "bronze"), ("tools", "silver")]
    (database,) = project.databases
    assert (database.engine, database.port, database.recovery) == ("mariadb", 3306, "bronze")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"image": "base"}, "images[1].name: got base, expected a name that images[0] does not have"),
        ({"tier": "golden"}, "images[1].recovery: got golden, expected a recovery tier of the catalogue"),
        ({"server": "dbs"}, "databases[0].server: got dbs, expected a server of the project"),
        ({"server": "inside"}, "databases[0].server: got inside, which has no floating address"),
        ({"schema": "--result-file=/etc/x"}, "databases[0].schemas[0]: got --result-file=/etc/x, expected"),
        ({"schema": "a; drop"}, "databases[0].schemas[0]: got a; drop, expected"),
        ({"user": '"x\\nssl-verify-server-cert=0"'}, "databases[0].user: got"),
        ({"authority": "/etc/shadow"}, "databases[0].authority: got /etc/shadow, expected"),
    ],
)
def test_a_mistake_is_one_sentence(problems: Callable[..., tuple[Problem, ...]], change: dict[str, str], said: str) -> None:
    told = problems(forestry=BODY.format(**(RIGHT | change)))
    assert len(told) == 1, told
    assert said in str(told[0])
