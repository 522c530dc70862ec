"""Swift API: containers of objects."""

# ruff: noqa: ARG002 - every kind has the same methods, whether it needs each argument or not

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from infra.provider.access import PATIENCE_SECONDS, READ, WRITE, render_acl, show_acl
from infra.provider.account import account_address
from infra.provider.cloud import Cloud
from infra.provider.expiry import write_expiry
from infra.provider.failure import CloudError
from infra.provider.field import Field, number, text
from infra.provider.kind import Kind, refuse_erasure
from infra.provider.values import Values

_MADE_BY = "X-Container-Meta-Made-By"
_UNLIMITED = -1
_LIMITS = {"quota_bytes": "Container-Meta-Quota-Bytes", "quota_count": "Container-Meta-Quota-Count"}
_TRIES = 10
_REST_SECONDS = 0.5


def _settled(cloud: Cloud, ask: Callable[[], Any]) -> Any:
    """Ask what can be repeated: the gateway makes an account with its first request, and answers 409 to others meanwhile."""
    response = ask()
    for _ in range(_TRIES):
        if response.status_code != 409 or cloud.stopping.wait(_REST_SECONDS):
            break
        response = ask()
    return response


def _limit() -> Field:
    return replace(number(_UNLIMITED, least=_UNLIMITED), recorded=True)


class Container(Kind):
    """A container in the account of a project; its id is ``<project id>/<name>``.

    Its readers and writers are other projects, as ``<domain>/<project>``.
    """

    pulumi_type = "oneroof:object_store:Container"
    service, noun = "object_store", "container"
    holds_data = True
    fields: ClassVar = {
        "name": text(replaces=True),
        "project_id": text(replaces=True),
        "readers": Field(list, (), unordered=True),
        "writers": Field(list, (), unordered=True),
        "quota_bytes": _limit(),
        "quota_count": _limit(),
        "versions_location": text(""),
        "expire_days": replace(number(0, least=0), recorded=True),
    }

    def changed(self, state: Values, inputs: Values) -> set[str]:
        """Compare it as what it is without them where a state from before knows no limits and versions."""
        known = {name: value for name, value in state.items() if value is not None}
        return super().changed({name: field.default for name, field in self.fields.items()} | known, inputs)

    def find(self, cloud: Cloud, inputs: Values) -> Any | None:
        """Ask for it by name; one that an interrupted run made may lack its lifecycle, which no Swift call tells."""
        if cloud.is_fresh(inputs["project_id"]):
            return None
        found = self.get(cloud, f"{inputs['project_id']}/{inputs['name']}", inputs)
        if found is not None and self.is_ours(found) and inputs["expire_days"]:
            write_expiry(cloud, inputs["project_id"], inputs["name"], inputs["expire_days"])
        return found

    def is_ours(self, resource: Any) -> bool:
        """Tell by its metadata."""
        return bool(resource.headers.get(_MADE_BY) == "oneroof")

    def create(self, cloud: Cloud, inputs: Values) -> Any:
        """Create it in the account of its project."""
        identifier = f"{inputs['project_id']}/{inputs['name']}"
        store, headers = _store(cloud, identifier), {_MADE_BY: "oneroof", **_settings(inputs)}
        _raise_for(_settled(cloud, lambda: store.put(_address(cloud, identifier), headers=headers)))
        if inputs["readers"] or inputs["writers"]:
            # our gateway takes rights for others from a container's owner alone, so not with PUT
            _raise_for(store.post(_address(cloud, identifier), headers=_acls(cloud, inputs)))
        if inputs.get("expire_days"):
            write_expiry(cloud, inputs["project_id"], inputs["name"], inputs["expire_days"])
        return self.get(cloud, identifier, inputs)

    def get(self, cloud: Cloud, identifier: str, state: Values) -> Any | None:
        """Give the answer to HEAD, or nothing where it is gone."""
        response = _settled(cloud, lambda: _store(cloud, identifier).head(_address(cloud, identifier)))
        if response.status_code == 404:
            return None
        _raise_for(response)
        response.identifier = identifier
        return response

    def show(self, cloud: Cloud, resource: Any, state: Values) -> Values:
        """Read the headers."""
        project, _, name = resource.identifier.partition("/")
        return {
            "name": name,
            "project_id": project,
            "readers": show_acl(cloud, resource.headers.get(READ)),
            "writers": show_acl(cloud, resource.headers.get(WRITE)),
            "versions_location": resource.headers.get("X-Versions-Location", ""),
            **{name: state.get(name, _UNLIMITED) for name in ("quota_bytes", "quota_count")},
            "expire_days": state.get("expire_days", 0),
        }

    def identifier(self, resource: Any) -> str:
        """Give project and name."""
        return str(resource.identifier)

    def update(self, cloud: Cloud, identifier: str, state: Values, inputs: Values, changed: set[str]) -> None:
        """Set who may read and write, how much, and where old versions go."""
        headers = {**_acls(cloud, inputs), **_settings(inputs)}
        _raise_for(_store(cloud, identifier).post(_address(cloud, identifier), headers=headers))
        if "expire_days" in changed:
            write_expiry(cloud, inputs["project_id"], inputs["name"], inputs["expire_days"])

    def delete(self, cloud: Cloud, identifier: str, state: Values) -> None:
        """Delete it; its objects only where the operator said that data may go."""
        store, path = _store(cloud, identifier), _address(cloud, identifier)
        if cloud.may_erase(identifier) and state.get("versions_location"):
            # else each deletion brings the version before back
            _raise_for(store.post(path, headers={"X-Remove-Versions-Location": "x"}))
        while names := _objects(store, path):
            refuse_erasure(cloud, f"container {state['name']}", identifier)
            for name in names:
                store.delete(f"{path}/{_quoted(name)}")
        response = store.delete(path)
        if response.status_code != 404:
            _raise_for(response)


def read_content(cloud: Cloud, identifier: str) -> tuple[int, int] | None:
    """Ask how many objects a container holds, and their bytes, by one HEAD; nothing where that is not told."""
    response = cloud.admin.object_store.head(_address(cloud, identifier))
    if response.status_code >= 400:
        return None
    return int(response.headers["X-Container-Object-Count"]), int(response.headers["X-Container-Bytes-Used"])


def _store(cloud: Cloud, identifier: str) -> Any:
    return cloud.in_project(identifier.partition("/")[0]).object_store


def _address(cloud: Cloud, identifier: str) -> str:
    project_id, _, name = identifier.partition("/")
    account = account_address(cloud, project_id)
    if account is None:
        raise CloudError("the cloud has no object store")
    return f"{account}/{_quoted(name)}"


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name)


def _acls(cloud: Cloud, inputs: Values) -> dict[str, str]:
    told = {READ: inputs["readers"], WRITE: inputs["writers"]}  # an empty list takes the old one away
    return {header: render_acl(cloud, entries, patience=PATIENCE_SECONDS) for header, entries in told.items()}


def _settings(inputs: Values) -> dict[str, str]:
    """Give limits and versioning as headers; the gateway enforces limits and does not tell them.

    https://docs.openstack.org/swift/latest/middleware.html (container quotas, versioned writes)
    """
    said: dict[str, Any] = {}
    for name, header in _LIMITS.items():
        limit = inputs.get(name, _UNLIMITED)
        said |= {f"X-Remove-{header}": "x"} if limit == _UNLIMITED else {f"X-{header}": str(limit)}
    versions = inputs.get("versions_location", "")
    return said | ({"X-Versions-Location": versions} if versions else {"X-Remove-Versions-Location": "x"})


def _objects(store: Any, path: str) -> list[str]:
    response = store.get(path, params={"format": "json", "limit": "1000"})
    if response.status_code == 404:
        return []
    _raise_for(response)
    return [each["name"] for each in response.json()]


def _raise_for(response: Any) -> None:
    from openstack.exceptions import raise_from_response

    raise_from_response(response)


KINDS: tuple[Kind, ...] = (Container(),)
