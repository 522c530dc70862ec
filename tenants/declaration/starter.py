"""The first lines of a new department."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tenants.declaration.catalogue import Catalogue
from tenants.declaration.model import Department
from tenants.declaration.rules.addresses import next_free
from tenants.declaration.rules.names import RESERVED_DEPARTMENTS
from tenants.declaration.rules.placeholders import PLACEHOLDER
from tenants.declaration.words import Name
from tenants.problem import Problem, UserError

_PREFIX = 24
_TEXT = """\
# yaml-language-server: $schema=declaration/schema.json
name: {slug}
local_name: {title}  # what people call it
owners: [it@{slug}.gov.example]  # who answers for it and approves its changes
cost_centre: {placeholder}  # who is charged
projects:
  - name: prod  # quota small, and a security group web (http, https, ping), unless told otherwise
    networks: [{{name: front, cidr: {cidr}}}]
    volumes: [{{name: data, size_gib: 1}}]
    servers: [{{name: web, flavor: tiny, image: tiny, volumes: [data], floating_ip: true}}]
groups: [{{name: operators, roles: {{prod: member}}}}]
"""


def render_starter(slug: str, departments: Iterable[Department], catalogue: Catalogue) -> str:
    """Give a declaration for a new department, on the first free range; one placeholder is left in it."""
    taken = [network.cidr for department in departments for project in department.projects for network in project.networks]
    cidr = next_free(catalogue.addresses.departments, taken, _PREFIX)
    if cidr is None:
        raise UserError(Problem(f"no /{_PREFIX} is free in the address plan", "Widen addresses in catalogue.yaml."))
    return _TEXT.format(slug=slug, title=slug.replace("-", " ").title(), cidr=cidr, placeholder=PLACEHOLDER)


def check_new(slug: str, file: Path) -> None:
    """Raise UserError where no department can be called so, or where there is such a file already."""
    try:
        TypeAdapter(Name).validate_python(slug)
    except ValidationError as error:
        what = f"SLUG: got {slug}, expected lower-case letters, digits and hyphens, at most 32, starting with a letter"
        hint = (
            "The file and what is made are called so, such as forestry; the name in your language is local_name in the file."
        )
        raise UserError(Problem(what, hint)) from error
    if slug in RESERVED_DEPARTMENTS:
        raise UserError(Problem(f"got {slug}, expected a name that the cloud does not use itself"))
    if file.exists():
        raise UserError(Problem("is there already", "Edit it, or choose another name.", file))


def write_starter(file: Path, text: str) -> None:
    """Write a new file; raises UserError where there is one already."""
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise UserError(Problem("is there already", "Edit it, or choose another name.", file)) from error
    except OSError as error:
        raise UserError(Problem(f"cannot be written: {error.strerror}", file=file)) from error
