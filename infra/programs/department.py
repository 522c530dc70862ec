"""The program of a department's stack: walks what is desired and exports what came of it."""

from __future__ import annotations

from collections.abc import Callable

import pulumi

from infra.components.department import DepartmentDomain
from infra.desired import DesiredState


def department_program(state: DesiredState, external_network: str) -> Callable[[], None]:
    """Give the inline program; its outputs are what :func:`infra.outcome.build_outcome` reads."""

    def program() -> None:
        made = DepartmentDomain(state, external_network)
        pulumi.export("domain_id", made.domain.id)
        pulumi.export("projects", {key: project.exported() for key, project in made.projects.items()})
        pulumi.export("groups", {name: group.id for name, group in made.groups.items()})
        pulumi.export("users", {name: user.id for name, user in made.users.items()})
        passwords = {name: user.shown("password") for name, user in made.users.items()}
        pulumi.export("passwords", pulumi.Output.secret(pulumi.Output.all(**passwords)) if passwords else {})
        credentials = {
            f"{user}/{name}": {"id": each.id, "secret": each.shown("secret")}
            for (user, name), each in made.credentials.items()
        }
        pulumi.export("credentials", pulumi.Output.secret(credentials) if credentials else {})

    return program
