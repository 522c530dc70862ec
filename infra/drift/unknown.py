"""What is in the cloud and in no stack: found by the recorded ids, and told with the command that removes it. Pure.

What another thing brings along is not told beside it: the subnets of an unknown network, the port of a known server.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from infra.agreement import Cloud, Recorded, role_key
from infra.drift.finding import Finding
from infra.drift.operators_own import SERVICE_PROJECT, OperatorsOwn

PROVISIONER_ROLE = "member"
_ROLE = "oneroof:identity:RoleAssignment"
_EXTERNAL = "access_as_external"
_BUILT_IN_GROUP = "default"  # Neutron makes one in each project
_NOUNS: Mapping[str, tuple[str, str]] = {
    "servers": ("Server", "server"),
    "volumes": ("Volume", "volume"),
    "snapshots": ("Snapshot", "volume snapshot"),
    "networks": ("Network", "network"),
    "subnets": ("Subnet", "subnet"),
    "routers": ("Router", "router"),
    "ports": ("Port", "port"),
    "floating_addresses": ("FloatingIp", "floating ip"),
    "security_groups": ("SecurityGroup", "security group"),
    "images": ("Image", "image"),
}
"""Field of the inventory to what it is called here, and on the command line of OpenStack's client."""

SOURCES: Mapping[str, frozenset[str]] = {
    "domains": frozenset({"domains"}),
    "projects": frozenset({"projects"}),
    "users": frozenset({"users"}),
    "groups": frozenset({"groups"}),
    "role_assignments": frozenset({"role_assignments", "users", "groups", "projects"}),
    "flavors": frozenset({"flavors"}),
    **{field: frozenset({field, "projects"}) for field in _NOUNS},
    "subnets": frozenset({"subnets", "networks", "projects"}),
    "rbac_policies": frozenset({"rbac_policies", "networks", "projects"}),
}
"""What is looked for, to the fields of an inventory without which it cannot be found."""


@dataclass(frozen=True)
class Unknowns:
    """All that is needed to tell what nobody declared."""

    cloud: Cloud
    stacks: Mapping[str, Sequence[Recorded]]
    """Stack to what it records; that of what all share too."""
    own: OperatorsOwn
    client: str
    """Begin of a command line of OpenStack's client, such as ``openstack --os-cloud oneroof``."""

    @cached_property
    def recorded(self) -> frozenset[str]:
        """Ids that any stack records."""
        return frozenset(str(each.get("id") or "") for stack in self.stacks.values() for each in stack)

    @cached_property
    def roles(self) -> frozenset[tuple[Any, ...]]:
        """Role assignments that any stack records."""
        every = (each for stack in self.stacks.values() for each in stack if each["type"] == _ROLE and each.get("id"))
        return frozenset(role_key(str(each["id"]), each["outputs"]) for each in every)

    @cached_property
    def _owners(self) -> dict[str, str]:
        """Recorded domains and projects to their department."""
        types = ("oneroof:identity:Domain", "oneroof:identity:Project")
        return {
            str(r["id"]): slug for slug, stack in self.stacks.items() for r in stack if r["type"] in types and r.get("id")
        }

    @cached_property
    def home(self) -> str:
        """The provisioner's own domain."""
        user = self.cloud.one("users", self.own.user_id)
        return user.domain_id if user else ""

    def department(self, *, project: str | None = None, domain: str | None = None) -> str:
        """Give whose a project or domain is; empty where it is nobody's."""
        if project in self._owners:
            return self._owners[str(project)]
        inside = self.cloud.one("projects", project or "")
        return self._owners.get(domain or (inside.domain_id if inside else ""), "")

    def is_unknown_project(self, identifier: str) -> bool:
        """Tell whether a project exists that neither a stack nor the operator made."""
        project = self.cloud.one("projects", identifier)
        return project is not None and project.id not in self.recorded and not self._is_operators_project(project)

    def _is_operators_project(self, project: Any) -> bool:
        named = project.domain_id == self.home and project.name in (*self.own.projects, SERVICE_PROJECT)
        return bool(project.id == self.own.project_id or named)

    def is_operators_user(self, user: Any) -> bool:
        """Tell whether a user is the provisioner, or one that the playbooks made."""
        if user.domain_id != self.home:
            return False
        return user.id == self.own.user_id or user.name in self.own.users or not self.own.is_built_here

    def is_of_directory(self, domain: str) -> bool:
        """Tell whether a directory fills a domain, as the catalogue says: who is in it is the directory's."""
        found = self.cloud.one("domains", domain)
        return found is not None and found.name in self.own.directories and found.id not in self.recorded

    def found(self, field: str) -> Iterator[Finding]:
        """Give the unknown things of one kind, a key of :data:`SOURCES`."""
        if field in _NOUNS:
            return self._in_projects(field)
        return {
            "domains": self._domains,
            "projects": self._projects,
            "users": lambda: self._principals("users", "User", "user"),
            "groups": lambda: self._principals("groups", "Group", "group"),
            "role_assignments": self._role_assignments,
            "flavors": self._flavors,
            "rbac_policies": self._rbac_policies,
        }[field]()

    def _finding(self, department: str, noun: str, name: str, identifier: str, what: str, remedy: str) -> Finding:
        return Finding(department, "unknown", noun, name, what, f"{self.client} {remedy}", identifier)

    def _domains(self) -> Iterator[Finding]:
        for each in self.cloud.found.domains or ():
            if each.id not in self.recorded and each.id != self.home and not self.is_of_directory(each.id):
                remedy = f"domain set --disable {each.id} && {self.client} domain delete {each.id}"
                yield self._finding("", "Domain", each.name, each.id, "in no stack", remedy)

    def _projects(self) -> Iterator[Finding]:
        held: dict[str, Counter[str]] = {}
        for field, (noun, _) in _NOUNS.items():
            for each in getattr(self.cloud.found, field) or ():
                if not (field == "security_groups" and each.name == _BUILT_IN_GROUP) and field != "ports":
                    held.setdefault(each.project_id, Counter())[noun] += 1
        for each in self.cloud.found.projects or ():
            if not self.is_unknown_project(each.id):
                continue
            inside = ", ".join(f"{count} {noun}" for noun, count in sorted(held.get(each.id, {}).items()))
            department = self.department(domain=each.domain_id)
            remedy = f"oneroof adopt {each.id} --into {department or 'DEPARTMENT'}"
            what = f"in no stack; holds {inside or 'nothing'}"
            yield Finding(department, "unknown", "Project", each.name, what, remedy, each.id)

    def _principals(self, field: str, noun: str, words: str) -> Iterator[Finding]:
        for each in getattr(self.cloud.found, field) or ():
            operators = self.is_operators_user(each) if field == "users" else not self.own.is_built_here
            theirs = (operators and each.domain_id == self.home) or self.is_of_directory(each.domain_id)
            if each.id in self.recorded or theirs:
                continue
            department = self.department(domain=each.domain_id)
            yield self._finding(department, noun, each.name, each.id, "in no stack", f"{words} delete {each.id}")

    def _role_assignments(self) -> Iterator[Finding]:
        for each in self.cloud.found.role_assignments or ():
            key = (each.role, each.group_id or "", each.user_id or "", each.project_id or "", each.domain_id or "",
                   each.inherited)  # fmt: skip
            if key in self.roles or self._is_operators_role(each) or self.is_unknown_project(each.project_id or ""):
                continue
            actor = self.cloud.one("users" if each.user_id else "groups", each.user_id or each.group_id or "")
            domain = self.cloud.one("domains", each.domain_id or "")
            project = self.cloud.one("projects", each.project_id or "")
            place = f"project {project.name}" if project else f"domain {domain.name}" if domain else "the system"
            who = f"{'user' if each.user_id else 'group'} {actor.name if actor else each.user_id or each.group_id}"
            on = (
                f"--project {each.project_id}"
                if each.project_id
                else f"--domain {each.domain_id}"
                if domain
                else "--system all"
            )
            one = f"--user {each.user_id}" if each.user_id else f"--group {each.group_id}"
            yield self._finding(
                self.department(project=each.project_id, domain=each.domain_id)
                or self.department(domain=actor.domain_id if actor else None),
                "RoleAssignment",
                f"{each.role} for {who} on {place}",
                f"{each.role} {one} {on}",
                "in no stack",
                f"role remove {one} {on}{' --inherited' if each.inherited else ''} {each.role}",
            )

    def _is_operators_role(self, each: Any) -> bool:
        user = self.cloud.one("users", each.user_id or "")
        if user is None or not self.is_operators_user(user):
            return False
        if user.id == self.own.user_id and (each.system or each.project_id == self.own.project_id):
            return True
        if user.id == self.own.user_id and each.role == PROVISIONER_ROLE and each.project_id in self.recorded:
            return True  # how it works in a project that was adopted from another domain
        project = self.cloud.one("projects", each.project_id or "")
        inside = project is not None and self._is_operators_project(project)
        return inside or not (self.own.is_built_here or self.department(project=each.project_id, domain=each.domain_id))

    def _flavors(self) -> Iterator[Finding]:
        for each in self.cloud.found.flavors or ():
            if each.id not in self.recorded:
                yield self._finding("", "Flavor", each.name, each.id, "in no stack", f"flavor delete {each.id}")

    def _rbac_policies(self) -> Iterator[Finding]:
        for each in self.cloud.found.rbac_policies or ():
            target = each.target_project_id
            project = self.cloud.one("projects", target)
            is_for_nobody = project is None and target != "*"
            if each.id in self.recorded and not is_for_nobody:
                continue
            if self.is_unknown_project(each.project_id) or self._is_of_its_network(each):
                continue
            thing = self.cloud.one(f"{each.object_type}s", each.object_id)
            name = f"{each.object_type} {thing.name if thing else each.object_id}"
            grantee = "everybody" if target == "*" else project.name if project else target
            known = "recorded" if each.id in self.recorded else "in no stack"
            what = f"{known}, {each.action}{', for a project that does not exist' if is_for_nobody else ''}"
            remedy = f"network rbac delete {each.id}"
            department = self.department(project=each.project_id)
            yield self._finding(department, "RbacPolicy", f"{name} for {grantee}", each.id, what, remedy)

    def _is_of_its_network(self, policy: Any) -> bool:
        """Tell whether Neutron made it with a network: that of an unknown one, and what makes one shared or external."""
        if policy.object_type != "network":
            return False
        network = self.cloud.one("networks", policy.object_id)
        told = policy.object_id in self._shared if policy.action == _EXTERNAL else policy.target_project_id == "*"
        return (network is not None and network.id not in self.recorded) or told

    @cached_property
    def _shared(self) -> frozenset[str]:
        """Ids of what all departments share."""
        return frozenset(str(each.get("id") or "") for each in self.stacks.get("cloud", ()))

    def _in_projects(self, field: str) -> Iterator[Finding]:
        noun, words = _NOUNS[field]
        for each in getattr(self.cloud.found, field) or ():
            if each.id in self.recorded or self.is_unknown_project(each.project_id) or self._is_brought_along(field, each):
                continue
            project = self.cloud.one("projects", each.project_id or "")
            name = getattr(each, "name", None) or getattr(each, "address", None) or each.id
            if field == "ports":
                name = ", ".join(each.addresses) or each.id
            place = f"in {project.name}" if project else f"its project {each.project_id or '(none)'} does not exist"
            what = f"in no stack, {place}"
            yield self._finding(
                self.department(project=each.project_id), noun, name, each.id, what, f"{words} delete {each.id}"
            )

    def _is_brought_along(self, field: str, each: Any) -> bool:
        if field == "security_groups":
            return each.name == _BUILT_IN_GROUP and self.cloud.one("projects", each.project_id) is not None
        if field == "subnets":
            return each.network_id not in self.recorded
        if field == "ports":  # what joins a thing to a network goes with the thing; what a server was given beside is told
            return each.id in self._ports_of_servers or each.device_owner.startswith("network:")
        return False

    @cached_property
    def _ports_of_servers(self) -> frozenset[str]:
        """The port that each recorded server has, and all ports of servers that are told themselves."""
        server = "oneroof:compute:Server"
        every = (each for stack in self.stacks.values() for each in stack if each["type"] == server)
        known = {str(each.get("id")): str((each.get("outputs") or {}).get("port_id")) for each in every}
        ports = self.cloud.found.ports or ()
        return frozenset(
            {*known.values(), *(p.id for p in ports if p.device_owner.startswith("compute:") and p.device_id not in known)}
        )
