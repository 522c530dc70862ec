"""Sharing as the stacks have it: who must be applied before whom, whom a grant waits for, and what stands. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.desired import DesiredState
from tenants.declaration.model import Department


@dataclass(frozen=True, order=True)
class Standing:
    """Something that one department's project may use of another's, as a stack recorded it."""

    kind: str
    place: str
    """``<project>/<name>`` in the owner's department."""
    grantee: str
    """``<department>/<project>``."""
    access: str
    """read or write of a container, use of everything else."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells two of one owner apart."""
        return self.kind, self.place, self.grantee


def in_order(departments: Iterable[Department]) -> tuple[Department, ...]:
    """Give departments so that who is given something comes before who gives it, for the projects must be there.

    Who has servers on a network that is shared with it comes after its owner. In a circle somebody is first; the provider
    waits for the project, or the share, of the next.
    """
    known = {department.name: department for department in departments}
    order: dict[str, Department] = {}
    begun: set[str] = set()

    def visit(department: Department) -> None:
        if department.name in begun:
            return
        begun.add(department.name)
        for owner in _lenders(department):
            if owner in known:
                visit(known[owner])
        for grant in department.shares:
            other = known.get(grant.grantee.partition("/")[0])
            if other is not None and department.name not in _lenders(other):
                visit(other)
        order[department.name] = department

    for department in known.values():
        visit(department)
    return tuple(order.values())


def _lenders(department: Department) -> frozenset[str]:
    """Give the departments on whose networks it has servers."""
    shared = (server.shared_network for project in department.projects for server in project.servers)
    return frozenset(each[0] for each in shared if each is not None)


def missing_networks(
    desired: DesiredState, coming: Mapping[str, DesiredState], stands: Callable[[str], Collection[Standing]]
) -> Iterator[str]:
    """Give a sentence for each server on a network that its owner does not share with it: in this run, or else as it stands.

    ``stands`` gives what a department that is not in this run shares, as its stack recorded it.
    """
    for project in desired.projects:
        for server in (each for each in project.servers if each.shared_network):
            owner, lent, network = server.shared_network.split("/")
            place = f"{declared_path(f'{owner}/{lent}').partition('/')[2]}/{network}"
            given = (
                [(s.kind, s.place, declared_path(s.grantee)) for s in coming[owner].shares]
                if owner in coming
                else [share.key for share in stands(owner)]
            )
            if ("network", place, f"{desired.slug}/{project.key}") not in given:
                yield (
                    f"server {project.key}/{server.name} is on network {place} of {owner}, which {owner} shares not with "
                    f"{desired.slug}/{project.key} today; nothing of {desired.slug} was changed. HINT: put it on another "
                    f"network, or have {owner} grant this one and apply {owner} first, or both together"
                )


def missing_grantees(desired: DesiredState, coming: Collection[str], exists: Callable[[str], bool]) -> Iterator[str]:
    """Give a sentence for each department that is given something, is not in the cloud, and is not in this run either."""
    for name in sorted({share.grantee.partition("/")[0] for share in desired.shares}):
        if name not in coming and not exists(name):
            yield f"shares something with {name}, which is not in the cloud yet: apply {name} first, or both together"


def standing(resources: Sequence[Mapping[str, Any]]) -> frozenset[Standing]:
    """Give what a stack's state says that others may use."""
    return frozenset(share for resource in resources if not resource.get("delete") for share in _standing(resource))


def _standing(resource: Mapping[str, Any]) -> Iterator[Standing]:
    name, outputs = str(resource["urn"]).rpartition("::")[2], resource.get("outputs") or {}
    if resource["type"] == "oneroof:object_store:Container":
        writers = outputs.get("writers") or ()
        for path in outputs.get("readers") or ():
            yield Standing("container", name, declared_path(path), "write" if path in writers else "read")
    elif resource["type"] in ("oneroof:network:RbacPolicy", "oneroof:image:Member") and resource.get("id"):
        path = str((resource.get("inputs") or {})["grantee"])  # the outputs have an id where the project is gone
        kind = "network" if resource["type"] == "oneroof:network:RbacPolicy" else "image"
        yield Standing(kind, name.removesuffix(f"/{path}"), declared_path(path), "use")


def declared_path(path: str) -> str:
    """Give ``<department>/<project>`` of a project's path in the cloud; what is none as it is.

    >>> declared_path("parks/parks-prod")
    'parks/prod'
    """
    domain, _, project = path.partition("/")
    return f"{domain}/{project.removeprefix(f'{domain}-')}" if project else path
