"""Reads one project with a token of its own, as a department's user may: some ten calls, and one a container.

Paths and fields: https://docs.openstack.org/api-ref/; of the object store, Swift's API.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from infra.inventory.collect import list_pages
from infra.inventory.model import Failure, Image, Network, Server, Subnet, Volume
from infra.inventory.sources import parse_image, parse_network, parse_server, parse_subnet, parse_volume
from tenants.problem import Problem, UserError

if TYPE_CHECKING:
    from openstack.connection import Connection

Value = TypeVar("Value")
_MIB, _GIB = 1024**2, 1024**3
_NO_LIMIT = -1


@dataclass(frozen=True)
class Limit:
    """What is taken of a limit, sizes in bytes; None is no limit."""

    used: float
    limit: float | None


@dataclass(frozen=True)
class OwnContainer:
    """A container of objects, and who else may read or write it."""

    name: str
    objects: int
    bytes: int
    read_acl: str
    write_acl: str


@dataclass(frozen=True)
class Account:
    """The project's account in the object store."""

    bytes: int
    limit: int | None
    containers: tuple[OwnContainer, ...]


@dataclass(frozen=True)
class OwnProject:
    """One project as its own token sees it. A field is None where its source failed; ``failures`` says how."""

    domain: str
    """Name of the project's domain: the department."""
    project: str
    project_id: str
    read_at: datetime
    compute: Mapping[str, Limit] | None
    block_storage: Mapping[str, Limit] | None
    floating_addresses: Limit | None
    servers: tuple[Server, ...] | None
    volumes: tuple[Volume, ...] | None
    networks: tuple[Network, ...] | None
    subnets: tuple[Subnet, ...] | None
    images: tuple[Image, ...] | None
    """Images that others share with the project."""
    account: Account | None
    failures: tuple[Failure, ...]


def read_own_project(connection: Connection, department: str, known: Container[str] = ()) -> OwnProject | None:
    """Read the project that the connection's token is for; nothing where it is one of the ``known``.

    Raises :class:`UserError` where the account is refused, or is for no project of the department: an operator's account
    would show more than the department's own does.
    """
    from keystoneauth1.exceptions import ClientException

    session: Any = connection.session
    entry = f"entry {connection.config.name}"
    try:
        access = session.auth.get_access(session)
    except ClientException as error:
        why = " ".join(str(error).split())
        raise UserError(Problem(f"{entry}: {why}", "`oneroof department clouds` writes the file anew.")) from error
    if access.project_id is None or department not in (access.project_domain_name, access.project_domain_id):
        got = access.project_domain_name or "no project"
        raise UserError(Problem(f"{entry}: got an account for {got}, expected one for a project of {department}"))
    if access.project_id in known:
        return None
    read = _Reader(connection)
    project = str(access.project_id)
    return OwnProject(
        domain=str(access.project_domain_name or ""),
        project=str(access.project_name or ""),
        project_id=project,
        read_at=datetime.now(UTC),
        compute=read.attempt("compute limits", lambda: _compute(read.get("compute", "/limits"))),
        block_storage=read.attempt("block storage limits", lambda: _block_storage(read.get("block_storage", "/limits"))),
        floating_addresses=read.attempt(
            "network limits", lambda: _addresses(read.get("network", f"/quotas/{project}/details"))
        ),
        servers=read.every("compute", "/servers/detail", "servers", parse_server, "2.61"),
        volumes=read.every("block_storage", "/volumes/detail", "volumes", parse_volume),
        networks=read.every("network", "/networks", "networks", parse_network),
        subnets=read.every("network", "/subnets", "subnets", parse_subnet),
        images=read.every("image", "/images?visibility=shared&member_status=all", "images", parse_image),
        account=read.attempt("object store", lambda: _account(connection)),
        failures=tuple(read.failures),
    )


class _Reader:
    """Asks the services; what fails is kept as a sentence."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.failures: list[Failure] = []

    def get(self, service: str, path: str, microversion: str | None = None) -> Mapping[str, Any]:
        from openstack.exceptions import raise_from_response

        response = getattr(self.connection, service).get(path, microversion=microversion)
        raise_from_response(response)
        answer: Mapping[str, Any] = response.json()
        return answer

    def every(
        self, service: str, path: str, key: str, parse: Callable[[Mapping[str, Any]], Value], microversion: str | None = None
    ) -> tuple[Value, ...] | None:
        def read() -> tuple[Value, ...]:
            pages = list_pages(lambda page: self.get(service, page, microversion), path, key)
            return tuple(parse(raw) for raw in pages)

        return self.attempt(key, read)

    def attempt(self, what: str, read: Callable[[], Value]) -> Value | None:
        from keystoneauth1.exceptions import ClientException
        from openstack.exceptions import SDKException

        try:
            return read()
        except (ClientException, SDKException) as error:
            self.failures.append(Failure(what, " ".join(str(error).split())))
        except (KeyError, TypeError, ValueError) as error:
            self.failures.append(Failure(what, f"unexpected answer: {type(error).__name__}: {error}"))
        return None


def _compute(answer: Mapping[str, Any]) -> dict[str, Limit]:
    told = answer["limits"]["absolute"]
    return {
        "servers": _limit(told["totalInstancesUsed"], told["maxTotalInstances"]),
        "cores": _limit(told["totalCoresUsed"], told["maxTotalCores"]),
        "memory": _limit(told["totalRAMUsed"], told["maxTotalRAMSize"], _MIB),
    }


def _block_storage(answer: Mapping[str, Any]) -> dict[str, Limit]:
    told = answer["limits"]["absolute"]
    return {
        "volumes": _limit(told["totalVolumesUsed"], told["maxTotalVolumes"]),
        "volume space": _limit(told["totalGigabytesUsed"], told["maxTotalVolumeGigabytes"], _GIB),
    }


def _addresses(answer: Mapping[str, Any]) -> Limit:
    told = answer["quota"]["floatingip"]
    return _limit(told["used"], told["limit"])


def _limit(used: int, limit: int, unit: int = 1) -> Limit:
    return Limit(used * unit, None if limit == _NO_LIMIT else limit * unit)


def _account(connection: Connection) -> Account:
    from openstack.exceptions import raise_from_response

    store = connection.object_store
    head = store.head("")
    if head.status_code == 404:  # nobody of the project has ever asked for it
        return Account(0, None, ())
    raise_from_response(head)
    quota = int(head.headers.get("X-Account-Meta-Quota-Bytes", 0))
    containers = []
    for told in store.containers():
        answer = store.head(quote(told.name))
        raise_from_response(answer)
        said = answer.headers
        acls = said.get("X-Container-Read", ""), said.get("X-Container-Write", "")
        containers.append(OwnContainer(told.name, told.count, told.bytes, *acls))
    return Account(int(head.headers.get("X-Account-Bytes-Used", 0)), quota or None, tuple(containers))
