"""The kinds as a Pulumi provider: what the engine asks, answered; each blocking call in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from pulumi.provider.experimental import provider as wire

from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError, describe_failure
from infra.provider.kind import FOREIGN, KEEPABLE, KEPT, Kind
from infra.provider.quota import QuotaKind
from infra.provider.registry import KINDS
from infra.provider.values import Values, parse_values, render_values

THREADS = 16
_T = TypeVar("_T")


class OneroofProvider(wire.Provider):
    """Answers the engine for every kind of :mod:`infra.provider.registry`."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="cloud")

    async def check(self, request: wire.CheckRequest) -> wire.CheckResponse:
        """Fill in defaults and say every problem."""
        kind = KINDS.get(_type(request.type))
        if kind is None:
            return wire.CheckResponse(request.new_inputs, [wire.CheckFailure("", f"{request.type} is no type of oneroof")])
        given = parse_values(request.new_inputs)
        inputs = {name: field.filled(given.get(name)) for name, field in kind.fields.items()}
        problems = kind.problems(inputs | {name: given[name] for name in given.keys() - kind.fields.keys()})
        failures = [wire.CheckFailure(name, f"{kind.label} {request.name}: {problem}") for name, problem in problems.items()]
        filled = render_values({name: value for name, value in inputs.items() if name not in request.new_inputs})
        return wire.CheckResponse({**request.new_inputs, **filled}, failures)

    async def diff(self, request: wire.DiffRequest) -> wire.DiffResponse:
        """Compare what is declared with what is recorded."""
        kind, state, inputs = KINDS[_type(request.type)], parse_values(request.old_state), parse_values(request.new_inputs)
        changed = kind.changed(state, inputs) - set(request.ignore_changes)
        replaces = {name for name in changed if kind.fields[name].replaces}
        refusal = kind.refuse(state, inputs) if changed else None
        if replaces and kind.holds_data:
            what = ", ".join(sorted(replaces))
            refusal = f"{kind.label} {request.name} holds data and cannot be made anew with another {what}"
        if refusal:
            raise CloudError(refusal)
        update, replace = wire.PropertyDiffKind.UPDATE, wire.PropertyDiffKind.UPDATE_REPLACE
        return wire.DiffResponse(
            changes=bool(changed),
            diffs=sorted(changed),
            replaces=sorted(replaces),
            detailed_diff={
                name: wire.PropertyDiff(replace if name in replaces else update, False) for name in sorted(changed)
            },
            delete_before_replace=kind.delete_first,
        )

    async def create(self, request: wire.CreateRequest) -> wire.CreateResponse:
        """Create the resource, or take over what was created before and not recorded."""
        kind, inputs = KINDS[_type(request.type)], parse_values(request.properties)
        if request.preview:
            return wire.CreateResponse("", render_values(inputs))
        if adopted := self._cloud.adopted(kind.pulumi_type, request.name):
            work = partial(self._adopt, kind, adopted, inputs)
        else:
            work = partial(self._create, kind, inputs)
        identifier, state = await self._call(kind, "create", request.name, work)
        return wire.CreateResponse(identifier, render_values(state, kind.secret))

    def _create(self, kind: Kind, inputs: Values) -> tuple[str, Values]:
        cloud = self._cloud
        inputs = inputs | kind.generate()
        made, found = self._make_or_find(kind, inputs)
        if found is None:
            return kind.identifier(made), kind.show_made(cloud, made, inputs)
        identifier, state = kind.identifier(found), kind.show(cloud, found, inputs)
        changed = kind.changed({name: value for name, value in state.items() if name not in kind.secret}, inputs)
        fixed = sorted(name for name in changed if name in kind.fields and kind.fields[name].replaces)
        if not kind.is_ours(found):
            if not kind.takes_foreign or inputs.get("project_id"):
                raise CloudError("one of that name exists and was not made by oneroof; rename it or delete it")
            if fixed and kind.noun != "image":
                raise CloudError(
                    f"one of that name exists with another {', '.join(fixed)}; rename it, or change the catalogue"
                )
            return identifier, state | inputs | {FOREIGN: True}
        if fixed:
            raise CloudError(f"one of that name was made before with another {', '.join(fixed)}; delete it first")
        if changed:
            kind.update(cloud, identifier, state, inputs, changed)
            state = self._look(kind, identifier, inputs) or state
        return identifier, state

    def _make_or_find(self, kind: Kind, inputs: Values) -> tuple[Any, Any | None]:
        """Give what was made, or nothing and what was there; the cloud is asked first only where it takes twins."""
        from openstack.exceptions import ConflictException

        if not kind.refuses_twins:
            found = kind.find(self._cloud, inputs)
            return (kind.create(self._cloud, inputs), None) if found is None else (None, found)
        try:
            return kind.create(self._cloud, inputs), None
        except ConflictException:
            if (found := kind.find(self._cloud, inputs)) is None:
                raise
            return None, found

    def _adopt(self, kind: Kind, identifier: str, inputs: Values) -> tuple[str, Values]:
        """Take over what is there under an id, as it is; refuse where what is declared would change more than its name."""
        found = kind.get(self._cloud, identifier, inputs)
        if found is None:
            if isinstance(kind, QuotaKind):  # an account of objects that nobody used yet
                return self._create(kind, inputs)
            raise CloudError("it is gone since it was looked at")
        state = kind.show(self._cloud, found, inputs)
        changed = kind.changed(state, inputs)
        if isinstance(kind, QuotaKind) and kind.loosens(state, inputs):
            # told as they are found: what is only the service's default would move with it, and is in no list
            return kind.identifier(kind.create(self._cloud, inputs)), self._look(kind, identifier, inputs) or state
        if beyond := sorted(changed - KEEPABLE):
            raise CloudError(f"it differs from what is declared in {', '.join(beyond)}; nothing of it was changed")
        return identifier, state | ({KEPT: {name: inputs[name] for name in changed}} if changed else {})

    def _look(self, kind: Kind, identifier: str, state: Values) -> Values | None:
        resource = kind.get(self._cloud, identifier, state)
        return None if resource is None else kind.show(self._cloud, resource, state)

    async def read(self, request: wire.ReadRequest) -> wire.ReadResponse:
        """Look at the resource as it is: for refresh, and for import by id."""
        kind, state = KINDS[_type(request.type)], parse_values(request.properties)
        look = partial(self._look, kind, request.resource_id, state)
        shown = await self._call(kind, "read", request.name, look)
        if shown is None:
            return wire.ReadResponse("", {}, {})
        if state.get(FOREIGN):
            shown |= {name: state[name] for name in kind.fields if name in state} | {FOREIGN: True}
        if KEPT in state:
            shown[KEPT] = state[KEPT]
        inputs = {name: shown[name] for name in kind.fields if shown.get(name) is not None}
        return wire.ReadResponse(request.resource_id, render_values(shown, kind.secret), render_values(inputs, kind.secret))

    async def update(self, request: wire.UpdateRequest) -> wire.UpdateResponse:
        """Make the changed properties as declared."""
        kind, state, inputs = KINDS[_type(request.type)], parse_values(request.olds), parse_values(request.news)
        if request.preview:
            return wire.UpdateResponse({**request.olds, **render_values(inputs)})
        update = partial(self._update, kind, request.resource_id, state, inputs)
        return wire.UpdateResponse(render_values(await self._call(kind, "update", request.name, update), kind.secret))

    def _update(self, kind: Kind, identifier: str, state: Values, inputs: Values) -> Values:
        changed = kind.changed(state, inputs)
        kind.update(self._cloud, identifier, state, inputs, changed)
        shown = self._look(kind, identifier, state | inputs)
        if shown is None:
            raise CloudError("it is gone; run again with --refresh")
        kept = {name: value for name, value in (state.get(KEPT) or {}).items() if name not in changed}
        return shown | ({KEPT: kept} if kept else {})

    async def delete(self, request: wire.DeleteRequest) -> None:
        """Delete the resource; what was there before oneroof stays."""
        kind, state = KINDS[_type(request.type)], parse_values(request.properties)
        if not state.get(FOREIGN):
            delete = partial(kind.delete, self._cloud, request.resource_id, state)
            await self._call(kind, "delete", request.name, delete)

    async def cancel(self) -> None:
        """Stop waiting: what is under way ends at its next look."""
        self._cloud.stopping.set()

    async def _call(self, kind: Kind, verb: str, name: str, work: Callable[[], _T]) -> _T:
        from keystoneauth1.exceptions import ClientException
        from openstack.exceptions import SDKException

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except CloudError as error:
            raise CloudError(f"cannot {verb} {kind.label} {name}: {error}") from None
        except (SDKException, ClientException) as error:
            raise CloudError(f"cannot {verb} {kind.label} {name}: {describe_failure(error)}") from error


def _type(path: str) -> str:
    """Give the last of the types that a URN names: those before it are the components around the resource."""
    return path.rpartition("$")[2]
