"""What an apply takes away beside a department's stack: roles that nobody declared, and what an interrupted run left."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict

from infra.agreement import Cloud as Reading
from infra.programs import stacks
from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError
from infra.provider.orphans import Orphan, delete_orphans, find_orphans
from infra.provider.roles import withdraw_role
from infra.provider.serving import cloud_of
from infra.sharing.record import Entry
from infra.sharing.stray import SHARE_TYPE, describe_stray, take_stray_back
from infra.surplus import ROLE_TYPE, find_surplus

Listen = Callable[[stacks.Step], None]


def withdraw_roles(engine: stacks.Engine, slug: str, found: Reading, listen: Listen) -> None:
    """Take away the roles that are in the department and, now that it was applied, still in no stack.

    Raises :class:`infra.programs.stacks.StackError`, as the others here do.
    """
    for each in find_surplus(stacks.read_resources(engine, slug), found):
        listen(stacks.Step("delete", ROLE_TYPE, each.called))
        try:
            withdraw_role(cloud_of(engine.provider_environment()), {**asdict(each), "is_provisioner": False}, each.called)
        except CloudError as error:
            raise stacks.StackError((str(error),)) from error


def take_back_stray(engine: stacks.Engine, stray: Iterable[Entry], listen: Listen) -> None:
    """Take back what others were given on its day, no stack recorded and no file says any more."""
    for each in stray:
        listen(stacks.Step("delete", SHARE_TYPE, describe_stray(each)))
        try:
            take_stray_back(cloud_of(engine.provider_environment()), each)
        except CloudError as error:
            raise stacks.StackError((str(error),)) from error


def sweep_interrupted(engine: stacks.Engine, slug: str, listen: Listen) -> None:
    """Delete what an interrupted run made and neither recorded nor, as it is declared now, was taken over since."""
    cloud = cloud_of(engine.provider_environment())
    recorded = {str(each.get("id")) for each in stacks.read_resources(engine, slug)}
    orphans = find_orphans(cloud, {slug: recorded})[slug]
    held = [orphan.called for orphan in orphans if orphan.kind.holds_data]
    if held and not engine.may_erase:
        what = f"{', '.join(held)}: made by an interrupted run, no longer declared, and may hold data"
        hint = "declare it again, with an approval to erase it: runbooks/procedures/erase-data.md"
        raise stacks.StackError((f"{what}. HINT: {hint}",))
    delete_found(cloud, orphans, listen)
    stacks.forget_interruption(engine, slug)


def delete_found(cloud: Cloud, orphans: tuple[Orphan, ...], listen: Listen) -> None:
    """Delete what no run had recorded."""
    for orphan in orphans:
        listen(stacks.Step("delete", orphan.kind.pulumi_type, f"{orphan.state['name']}, which no run had recorded"))
    try:
        delete_orphans(cloud, orphans)
    except CloudError as error:
        raise stacks.StackError((str(error),)) from error
