from __future__ import annotations

from pathlib import Path

import pytest

from infra.lab.topology import GROUPS, TOPOLOGIES, load_topology
from tenants.problem import UserError

GOOD = """\
machines:
  - {name: site-a, groups: [controllers], memory_gib: 2}
external_gateway: site-a
ceph_osd_size: 30G
"""


@pytest.mark.parametrize("name", sorted(path.stem for path in TOPOLOGIES.glob("*.yaml")))
def test_every_topology_serves_every_group(name: str) -> None:
    topology = load_topology(name)
    assert all(topology.members(group) for group in GROUPS)


def test_one_is_a_cloud_and_its_vault() -> None:
    topology = load_topology("one")
    assert topology.members("controllers") == topology.members("storage") == ("site-a",)
    assert topology.members("vaults") == ("site-b",)
    assert topology.memory_gib == 10


def test_an_unknown_one_names_those_that_are_known() -> None:
    with pytest.raises(UserError, match=r"no topology seven\n.*known: one"):
        load_topology("seven")


@pytest.mark.parametrize(
    ("change", "line", "expected"),
    [
        (("memory_gib: 2", "memory_gib: 0"), 2, "machines.0.memory_gib"),
        (("[controllers]", "[kings]"), 2, "machines.0.groups.0"),
        (("name: site-a,", "name: Site_A,"), 2, "machines.0.name"),
        (("ceph_osd_size: 30G", "ceph_osd_size: lots"), 4, "ceph_osd_size"),
        (
            ("external_gateway: site-a", "external_gateway: site-z"),
            None,
            "external_gateway is site-z, expected one of site-a",
        ),
        (("ceph_osd_size: 30G", "colour: red\nceph_osd_size: 30G"), 4, "colour"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, change: tuple[str, str], line: int | None, expected: str) -> None:
    (tmp_path / "x.yaml").write_text(GOOD.replace(*change))
    with pytest.raises(UserError) as caught:
        load_topology("x", tmp_path)
    (problem,) = caught.value.problems
    assert expected in problem.what
    assert problem.line == line


def test_what_is_no_yaml_says_where(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("machines: [\n")
    with pytest.raises(UserError, match=r"x\.yaml:2: this is not YAML"):
        load_topology("x", tmp_path)
