"""What a department asks for: the shape of ``tenants/<department>.yaml``, and nothing that reaches outside.

``schema.json`` is generated from these models, so titles and descriptions are written for the people who fill the file
in. Values that are left out are filled in here, or by :mod:`tenants.declaration.complete` where they depend on the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field, field_validator, model_validator

from tenants.declaration.blueprint import BlueprintUse
from tenants.declaration.boot import check_user_data
from tenants.declaration.contact import Contact
from tenants.declaration.container import Container, ContainerQuota
from tenants.declaration.credential import ApplicationCredential
from tenants.declaration.erasure import Erasure
from tenants.declaration.floating import AddressOrSwitch, FloatingAddress
from tenants.declaration.kept import Database, KeptImage
from tenants.declaration.network import Network, Protocol, SecurityGroup, SecurityRule
from tenants.declaration.quota import Limits, Quota
from tenants.declaration.restore import Restore
from tenants.declaration.sharing import Grant, Refusal, Request
from tenants.declaration.spread import MAX_COUNT, Spread, check_copies
from tenants.declaration.waiver import Waiver
from tenants.declaration.words import CODE_PATTERN, Declared, Mailbox, Name, Port

__all__ = [
    "ApplicationCredential",
    "Classification",
    "Contact",
    "Container",
    "ContainerQuota",
    "Database",
    "Department",
    "Environment",
    "Erasure",
    "FloatingAddress",
    "Grant",
    "Group",
    "KeptImage",
    "Limits",
    "Network",
    "Probe",
    "Project",
    "Protocol",
    "Quota",
    "Refusal",
    "Request",
    "Restore",
    "SecurityGroup",
    "SecurityRule",
    "Server",
    "Spread",
    "User",
    "Volume",
    "Waiver",
]


class Classification(StrEnum):
    """How confidential the department's data is."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"


class Environment(StrEnum):
    """What a project is for."""

    PRODUCTION = "production"
    TEST = "test"
    DEVELOPMENT = "development"


class Volume(Declared):
    """A disk that outlives the server it is attached to."""

    name: Name = Field(title="Name", description="Unique in the project.")
    size_gib: int = Field(strict=True, ge=1, le=16384, title="Size", description="Size in GiB; may grow, never shrink.")
    type: Name = Field(default="standard", title="Type", description="One of the catalogue's volume types.")
    recovery: str = Field(default="", title="Recovery", description="Recovery tier; the department's where left out.")


class Probe(Declared):
    """How the cloud finds out whether a server does its work: an HTTP request to its floating address."""

    port: Port = Field(default=80, title="Port", description="Port that answers HTTP.")
    path: str = Field("/", pattern=r"^/[!-~]*$", max_length=200, title="Path", description="Path that is asked for.")
    expect: str = Field(min_length=1, max_length=200, title="Expected text", description="Text the answer must hold.")


class Server(Declared):
    """A virtual machine."""

    name: Name = Field(title="Name", description="Unique in the project.")
    flavor: Name = Field(title="Flavor", description="Its size: one of the catalogue's flavors.")
    image: Name = Field(title="Image", description="What it boots: one of the catalogue's images.")
    network: str = Field(
        default="",
        title="Network",
        description="A network of the project, the first one where left out; or one that another department shares with it: "
        "<department>/<project>/<network>.",
    )
    security_groups: tuple[Name, ...] = Field(
        default=(), title="Security groups", description="Security groups of the project; the first one where left out."
    )
    volumes: tuple[Name, ...] = Field(
        default=(), title="Volumes", description="Volumes of the project, attached in this order as /dev/vdb, /dev/vdc …"
    )
    floating_ip: AddressOrSwitch = Field(
        default=False,
        title="Floating address",
        description="Whether it is reachable from outside; a name of floating_ips outlives the server.",
    )
    user_data: str = Field(
        default="",
        title="User data",
        description="Script that starts with #!, or #cloud-config where the image has cloud-init. No secrets here.",
    )
    probe: Probe | None = Field(default=None, title="Probe", description="How to find out whether it does its work.")
    count: int = Field(
        default=1,
        strict=True,
        ge=1,
        le=MAX_COUNT,
        title="Count",
        description="How many; several are called <name>-1, <name>-2 … and have no volumes.",
    )
    spread: Spread | None = Field(
        default=None,
        title="Spread",
        description="Whether several are put on different hosts: prefer does where it can, require starts none elsewhere.",
    )

    @field_validator("user_data")
    @classmethod
    def _user_data_fits(cls, value: str) -> str:
        return check_user_data(value)

    @model_validator(mode="after")
    def _copies_go_together(self) -> Server:
        check_copies(self.name, self.count, self.spread, len(self.volumes), self.floating_ip)
        return self

    @property
    def shared_network(self) -> tuple[str, str] | None:
        """The department whose network it is on, and the network as ``<project>/<network>``; nothing where it is its own."""
        owner, slash, place = self.network.partition("/")
        return (owner, place) if slash else None

    @property
    def spread_group(self) -> str:
        """What those that are spread together are called; of one of several, or nothing."""
        return self.name.rpartition("-")[0] if self.spread is not None and self.count == 1 else ""


class Project(Declared):
    """A part of the department's work with a quota of its own."""

    name: Name = Field(title="Name", description="Unique in the department; the cloud calls it <department>-<project>.")
    purpose: str = Field(default="", max_length=200, title="Purpose", description="What it is for, in one sentence.")
    environment: Environment = Field(
        default=Environment.PRODUCTION, title="Environment", description="production, test or development."
    )
    recovery: str = Field(
        default="", title="Recovery", description="Recovery tier of its data; the department's where left out."
    )
    quota: Quota = Field(
        default=Quota(), title="Quota", description="A quota class of the catalogue, or a class and what differs from it."
    )
    networks: tuple[Network, ...] = Field(
        default=(), title="Networks", description="Private networks, each with one subnet."
    )
    security_groups: tuple[SecurityGroup, ...] = Field(
        default=(SecurityGroup(name="web", rules=("http", "https", "ping")),),
        title="Security groups",
        description="What is let in; one group web (http, https, ping) where left out.",
    )
    volumes: tuple[Volume, ...] = Field(default=(), title="Volumes", description="Disks that outlive their servers.")
    containers: tuple[Container, ...] = Field(default=(), title="Containers", description="Containers of objects.")
    images: tuple[KeptImage, ...] = Field(
        default=(), title="Images", description="Images that its people upload, to be backed up."
    )
    databases: tuple[Database, ...] = Field(
        default=(), title="Databases", description="Databases in its servers, dumped by backups."
    )
    floating_ips: tuple[FloatingAddress, ...] = Field(
        default=(), title="Floating addresses", description="Addresses kept while the servers behind them are replaced."
    )
    servers: tuple[Server, ...] = Field(default=(), title="Servers", description="Virtual machines.")
    blueprints: tuple[BlueprintUse, ...] = Field(
        default=(), title="Blueprints", description="Stacks of the catalogue with parameters, added to what is written here."
    )

    @field_validator("quota", mode="before")
    @classmethod
    def _class_alone(cls, value: object) -> object:
        return {"class": value} if isinstance(value, str) else value


class Group(Declared):
    """People with the same rights: a group of a directory, or one of the department's own with its local users."""

    name: Name = Field(title="Name", description="Unique in the department.")
    directory: str = Field(
        default="",
        title="Directory",
        description="Directory of the catalogue that keeps the group and its members; its own group where left out.",
    )
    called: str = Field(
        default="",
        max_length=255,
        title="Name in the directory",
        description="What the directory calls it, for example Health Operators; its name where left out.",
    )
    roles: Mapping[str, str] = Field(default={}, title="Roles", description="Project to role, for example prod: member.")

    @model_validator(mode="after")
    def _called_by_a_directory(self) -> Group:
        if self.called and not self.directory:
            raise ValueError(f"got called {self.called} without a directory, expected the directory that calls it so")
        return self

    @property
    def name_there(self) -> str:
        """Its name in the directory."""
        return self.called or self.name


class User(Declared):
    """A local account, for where there is no directory. Its password is generated, never written down here."""

    name: Name = Field(title="Name", description="Unique in the department.")
    groups: tuple[Name, ...] = Field(default=(), title="Groups", description="Groups of the department it belongs to.")


class Department(Declared):
    """Everything one department asks of the shared cloud."""

    name: Name = Field(title="Name", description="The department's short name; the file is called <name>.yaml.")
    local_name: str = Field(min_length=1, max_length=120, title="Full name", description="What people call it.")
    english_name: str = Field(default="", max_length=120, title="English name", description="Its name in English.")
    code: str = Field(
        default="",
        pattern=CODE_PATTERN,
        max_length=20,
        title="Code",
        description="Its code in the government's register, for example 11-0210; unique.",
    )
    owners: tuple[Mailbox, ...] = Field(
        min_length=1, title="Owners", description="Mailboxes of those who answer for it and approve its changes."
    )
    approvers: tuple[Mailbox, ...] = Field(
        default=(), title="Approvers", description="Mailboxes of those who approve its changes; the owners where left out."
    )
    contacts: tuple[Contact, ...] = Field(default=(), title="Contacts", description="Whom to reach about what.")
    cost_centre: str = Field(min_length=1, max_length=40, title="Cost centre", description="Who is charged.")
    classification: Classification = Field(
        default=Classification.INTERNAL, title="Classification", description="public, internal or confidential."
    )
    recovery: Name = Field(
        default="bronze", title="Recovery", description="Recovery tier of everything that does not say its own."
    )
    projects: tuple[Project, ...] = Field(default=(), title="Projects", description="The parts of the department's work.")
    groups: tuple[Group, ...] = Field(default=(), title="Groups", description="Groups and their roles on projects.")
    users: tuple[User, ...] = Field(
        default=(), title="Local users", description="Local accounts, where there is no directory."
    )
    shares: tuple[Grant, ...] = Field(
        default=(), title="Shares", description="What projects of other departments may use, for a purpose and a time."
    )
    requests: tuple[Request, ...] = Field(default=(), title="Requests", description="What it asks of other departments.")
    refusals: tuple[Refusal, ...] = Field(
        default=(), title="Refusals", description="Requests of other departments that it does not grant, with the reason."
    )
    application_credentials: tuple[ApplicationCredential, ...] = Field(
        default=(), title="Application credentials", description="Logins of programs that work as local users."
    )
    erasures: tuple[Erasure, ...] = Field(
        default=(), title="Erasures", description="What may be erased, after a quarantine, with an approval that ends."
    )
    waivers: tuple[Waiver, ...] = Field(
        default=(), title="Waivers", description="What is left out of the backup on purpose, why, and until when."
    )
    restores: tuple[Restore, ...] = Field(
        default=(), title="Restores", description="What is to be brought back from the backup, as of when, and where to."
    )

    def roles_of(self, user: str, project: str) -> tuple[str, ...]:
        """Give the roles that a local user has on a project by its groups, sorted."""
        member_of = {group for each in self.users if each.name == user for group in each.groups}
        return tuple(sorted({g.roles[project] for g in self.groups if g.name in member_of and project in g.roles}))

    @property
    def slug(self) -> str:
        """Name of the file, of the Keystone domain and of the Pulumi stack."""
        return self.name

    def cloud_name(self, project: str) -> str:
        """Give the Keystone name of one of the department's projects."""
        return f"{self.name}-{project}"
