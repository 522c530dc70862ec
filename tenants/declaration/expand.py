"""Blueprints in use become what they stand for: networks, security groups, volumes, servers of the project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tenants.declaration.blueprint import RESOURCES, Blueprint, BlueprintUse
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.fragment import fill
from tenants.declaration.model import Container, Department, FloatingAddress, Network, Project, SecurityGroup, Server, Volume
from tenants.declaration.origin import Origin
from tenants.declaration.rules.finding import Finding
from tenants.declaration.sentence import listed, nearest, sentences
from tenants.declaration.source import Place, Source
from tenants.declaration.words import Declared


class Fragment(Declared):
    """What a blueprint adds to a project, once its parameters are filled in."""

    networks: tuple[Network, ...] = ()
    security_groups: tuple[SecurityGroup, ...] = ()
    volumes: tuple[Volume, ...] = ()
    containers: tuple[Container, ...] = ()
    floating_ips: tuple[FloatingAddress, ...] = ()
    servers: tuple[Server, ...] = ()


def expand_blueprints(
    department: Department, catalogue: Catalogue
) -> tuple[Department, dict[Place, Origin], tuple[Finding, ...]]:
    """Give the department with what its blueprints add, where that comes from, and what is wrong with their use.

    What is added comes after what the project writes itself, so that places of the file stay what they were. A use that is
    wrong adds nothing.
    """
    origins: dict[Place, Origin] = {}
    findings: list[Finding] = []
    projects = []
    for at, project in enumerate(department.projects):
        seen: set[str] = set()
        for number, use in enumerate(project.blueprints):
            place: Place = ("projects", at, "blueprints", number)
            wrong = tuple(_problems(place, use, catalogue))
            made = None if wrong or use.name in seen else _made(use, catalogue.blueprints[use.use])
            seen.add(use.name)
            findings += wrong
            if isinstance(made, Fragment):
                origins |= _origins(at, place, project, made)
                project = _added(project, made)
            elif made is not None:
                findings += [Finding(place, f"with these values {what}") for what in made]
        projects.append(project)
    return department.model_copy(update={"projects": tuple(projects)}), origins, tuple(findings)


def _problems(place: Place, use: BlueprintUse, catalogue: Catalogue) -> Iterator[Finding]:
    blueprint = catalogue.blueprints.get(use.use)
    if blueprint is None:
        known = listed(catalogue.blueprints) if catalogue.blueprints else "nothing, for it has none"
        what = f"got {use.use}, expected a blueprint of the catalogue: {known}"
        yield Finding((*place, "use"), what, nearest(use.use, catalogue.blueprints))
        return
    for name, value in use.values.items():
        parameter = blueprint.parameters.get(name)
        here = (*place, "with", name)
        if parameter is None:
            what = f"got an unknown parameter, expected one of {', '.join(blueprint.parameters)}"
            yield Finding(here, what, nearest(name, blueprint.parameters))
        elif problem := parameter.problem(value):
            yield Finding(here, problem, parameter.purpose)
    for name, parameter in blueprint.parameters.items():
        if parameter.default is None and name not in use.values:
            yield Finding((*place, "with", name), "got nothing, expected a value", parameter.purpose)


def _made(use: BlueprintUse, blueprint: Blueprint) -> Fragment | list[str]:
    """Give what it stands for, or what is wrong with that, as sentences."""
    values = {name: use.values.get(name, parameter.default) for name, parameter in blueprint.parameters.items()}
    filled: dict[str, Any] = fill(blueprint.project, use.name, values)
    try:
        return Fragment.model_validate(filled, by_alias=True, by_name=False)
    except ValidationError as error:
        return [problem.what for problem in sentences(error, Fragment, Source(Path(), filled, {}))]


def _origins(at: int, place: Place, project: Project, made: Fragment) -> Mapping[Place, Origin]:
    return {
        ("projects", at, kind, len(getattr(project, kind)) + number): Origin(
            place, label=f"{kind.removesuffix('s').replace('_', ' ')} {each.name}"
        )
        for kind in RESOURCES
        for number, each in enumerate(getattr(made, kind))
    }


def _added(project: Project, made: Fragment) -> Project:
    return project.model_copy(update={kind: (*getattr(project, kind), *getattr(made, kind)) for kind in RESOURCES})
