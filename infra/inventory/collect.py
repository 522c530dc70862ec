"""Reads the cloud: a fixed number of calls, however many departments there are, each counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from infra.inventory.model import SCHEMA_VERSION, Failure, Inventory, NotMeasured, ResourceProvider
from infra.inventory.sources import NOT_MEASURED, SOURCES, Source

if TYPE_CHECKING:
    from openstack.connection import Connection

PROVIDERS = "resource_providers"


def collect_inventory(
    connection: Connection,
    *,
    only: Collection[str] | None = None,
    now: datetime | None = None,
    on_source: Callable[[str], None] = lambda _name: None,
) -> Inventory:
    """Read everything the connection's user may see of all projects; a source that fails is told in the result.

    ``only`` names the fields that are wanted: the others are left unread, as None. ``on_source`` is called with each
    source's name before it is read, from the thread of its service.
    """
    begun, started = now or datetime.now(UTC), time.monotonic()
    wanted: dict[str, list[tuple[str, Callable[[], Any]]]] = {}
    for source in SOURCES:
        if only is None or source.field in only:
            wanted.setdefault(source.service, []).append((source.field, partial(_read, connection, source)))
    if only is None or PROVIDERS in only:
        wanted["placement"] = [(PROVIDERS, partial(_read_providers, connection))]
    read: dict[str, Any] = dict.fromkeys([*(source.field for source in SOURCES), PROVIDERS])
    failed: dict[str, Failure] = {}

    def read_service(asked: list[tuple[str, Callable[[], Any]]]) -> None:
        for field, ask in asked:
            on_source(field)
            read[field] = _guarded(field, failed, ask)

    # each service in a thread of its own: they are processes of their own, and would wait for one another
    with CallCounter(connection) as counter, ThreadPoolExecutor(len(wanted) or 1, thread_name_prefix="inventory") as pool:
        for done in [pool.submit(read_service, asked) for asked in wanted.values()]:
            done.result()
    providers: _Providers | None = read[PROVIDERS]
    read[PROVIDERS] = None if providers is None else providers.read
    return Inventory(
        schema_version=SCHEMA_VERSION,
        collected_at=begun.isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - started, 3),
        calls=counter.calls,
        region=connection.config.get_region_name(),
        failures=tuple(failed[field] for field in read if field in failed),
        not_measured=(*NOT_MEASURED, *(providers.full if providers is not None else ())),
        **read,
    )


class CallCounter:
    """Counts the answers on the one HTTP session that every service of the connection uses."""

    def __init__(self, connection: Connection) -> None:
        self._answers: list[None] = []  # appending is whole in every thread, adding one to a number is not
        self._hooks: list[Any] = connection.session.session.hooks["response"]

    @property
    def calls(self) -> int:
        """How many were counted so far."""
        return len(self._answers)

    def __enter__(self) -> CallCounter:
        self._hooks.append(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        self._hooks.remove(self._count)

    def _count(self, response: Any, *_args: object, **_options: object) -> Any:
        self._answers.append(None)
        return response


def _guarded(name: str, failed: dict[str, Failure], read: Callable[[], Any]) -> Any:
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    try:
        return read()
    except (ClientException, SDKException) as error:
        failed[name] = Failure(name, str(error))
    except (KeyError, TypeError, ValueError) as error:
        # an answer in another shape than the API reference says: told, with what was missing
        failed[name] = Failure(name, f"unexpected answer: {type(error).__name__}: {error}")
    return None


def _read(connection: Connection, source: Source) -> tuple[Any, ...]:
    proxy = getattr(connection, source.service)
    items = (source.parse(raw) for raw in list_pages(_getter(proxy, source.microversion), source.path, source.key))
    return tuple(sorted(items, key=repr))


def _getter(proxy: Any, microversion: str | None) -> Callable[[str], Mapping[str, Any]]:
    from openstack.exceptions import raise_from_response

    def get(path: str) -> Mapping[str, Any]:
        response = proxy.get(path, microversion=microversion)
        raise_from_response(response)
        answer: Mapping[str, Any] = response.json()
        return answer

    return get


def list_pages(get: Callable[[str], Mapping[str, Any]], path: str, key: str) -> Iterator[Mapping[str, Any]]:
    """Give the items of all pages, following each service's way to name the next one."""
    own_path, next_path = urlsplit(path).path, path
    while next_path:
        answer = get(next_path)
        yield from answer[key]
        links = answer.get("links")
        follow = (
            next(
                (link["href"] for link in answer.get(f"{key}_links", ()) if link["rel"] == "next"), None
            )  # Nova, Neutron, Cinder
            or answer.get("next")  # Glance
            or (links.get("next") if isinstance(links, Mapping) else None)  # Keystone
        )
        # only the query is taken: the address in a link may be that of a server behind the proxy
        next_path = f"{own_path}?{urlsplit(follow).query}" if follow else ""


@dataclass(frozen=True)
class _Providers:
    read: tuple[ResourceProvider, ...]
    full: tuple[NotMeasured, ...]


def _read_providers(connection: Connection) -> _Providers:
    """Ask Placement for all hosts that could take one more vCPU: the one call that tells capacity and usage of many."""
    get = _getter(connection.placement, "1.36")
    names = {p["uuid"]: p["name"] for p in get("/resource_providers")["resource_providers"]}
    summaries = get("/allocation_candidates?resources=VCPU:1")["provider_summaries"]
    read = [
        ResourceProvider(
            id=uuid,
            name=names.get(uuid, ""),
            capacity={name: r["capacity"] for name, r in sorted(summary["resources"].items())},
            usage={name: r["used"] for name, r in sorted(summary["resources"].items())},
        )
        for uuid, summary in summaries.items()
    ]
    why = "Placement tells capacity in bulk only of hosts with a free vCPU"
    full = [NotMeasured(f"capacity of {name}", why) for uuid, name in sorted(names.items()) if uuid not in summaries]
    return _Providers(tuple(sorted(read, key=lambda p: p.name)), tuple(full))
