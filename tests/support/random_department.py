"""Declarations as nobody would write them by hand: small, valid, and different in everything that may change."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import strategies as st

Declaration = dict[str, Any]
_PROJECTS = ("one", "two")
_NETWORKS = ("front", "back")
_RULES: tuple[Any, ...] = (
    "http",
    "ping",
    {"protocol": "tcp", "ports": 22, "from": "10.20.0.0/14"},
    {"protocol": "udp", "ports": "5000-5010", "from": "web"},
)


@st.composite
def departments(draw: st.DrawFn, slug: str, octets: str) -> Declaration:
    """Give a department; ``octets`` begins the ranges of its networks, such as ``10.23.16`` for a /22."""
    names = draw(st.lists(st.sampled_from(_PROJECTS), min_size=1, max_size=2, unique=True))
    projects = [draw(_project(name, octets, _PROJECTS.index(name))) for name in names]
    role = st.sampled_from(["member", "reader"])
    groups = [
        {"name": name, "roles": draw(st.dictionaries(st.sampled_from(names), role, min_size=1))}
        for name in draw(st.lists(st.sampled_from(["ops", "auditors"]), max_size=2, unique=True))
    ]
    member = (
        st.lists(st.sampled_from([group["name"] for group in groups]), min_size=1, unique=True) if groups else st.nothing()
    )
    users = [{"name": name, "groups": draw(member)} for name in ("ann", "bo") if groups and draw(st.booleans())]
    return {
        "name": slug,
        "local_name": draw(st.sampled_from(["Trial", "试验 (Trial)"])),
        "owners": ["it@trial.gov.example"],
        "cost_centre": "T-0",
        "projects": projects,
        "groups": groups,
        "users": users,
    }


@st.composite
def _project(draw: st.DrawFn, name: str, octets: str, number: int) -> Declaration:
    first, _, third = octets.rpartition(".")
    networks = [
        {
            "name": network,
            "cidr": f"{first}.{int(third) + number * 2 + _NETWORKS.index(network)}.{draw(st.sampled_from([0, 128]))}/25",
            "internet": draw(st.booleans()),
        }
        for network in draw(st.lists(st.sampled_from(_NETWORKS), max_size=2, unique=True))
    ]
    groups = [{"name": "web", "rules": draw(st.lists(st.sampled_from(_RULES), max_size=3, unique_by=str))}]
    groups += [{"name": "inner", "rules": draw(st.lists(st.sampled_from(_RULES), max_size=3, unique_by=str))}] * draw(
        st.integers(0, 1)
    )
    volumes = [
        {"name": n, "size_gib": 1} for n in draw(st.lists(st.sampled_from(["data", "more"]), max_size=2, unique=True))
    ]
    project: Declaration = {
        "name": name,
        "purpose": draw(st.sampled_from(["", "Trees", "树木"])),
        "environment": draw(st.sampled_from(["production", "test"])),
        "quota": {"class": "small", **draw(st.fixed_dictionaries({}, optional={
            "cores": st.integers(4, 12), "volume_gib": st.integers(20, 90), "ports": st.integers(12, 25),
            "containers_gib": st.integers(0, 40),
        }))},
        "networks": networks,
        "security_groups": groups,
        "volumes": volumes,
        "containers": [{"name": n} for n in draw(st.lists(st.sampled_from(["papers", "scans"]), max_size=2, unique=True))],
    }  # fmt: skip
    if networks and draw(st.integers(0, 5)) == 5:  # a server is what takes longest
        attached = [volume["name"] for volume in volumes if draw(st.booleans())]
        floating = networks[0]["internet"] and draw(st.booleans())
        project["servers"] = [
            {"name": "web", "flavor": "tiny", "image": "tiny", "volumes": attached, "floating_ip": floating}
        ]
    return project


def keep_data(before: Declaration, after: Declaration) -> Declaration:
    """Give ``after`` with every volume and container of ``before``: an apply erases none, and refuses to."""
    projects = {project["name"]: dict(project) for project in after["projects"]}
    for project in before["projects"]:
        held = {kind: project[kind] for kind in ("volumes", "containers")}
        if any(held.values()):
            left = projects.setdefault(project["name"], {"name": project["name"], "volumes": [], "containers": []})
            for kind, things in held.items():
                left[kind] = list({thing["name"]: thing for thing in (*things, *left[kind])}.values())
    return {**after, "projects": list(projects.values())}


def render(declaration: Declaration) -> str:
    """Give the text of its file."""
    plain = json.loads(json.dumps(declaration))  # what is said twice is written twice: declarations know no anchors
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True))
