"""Asks what no bulk call tells of objects, of the projects alone that a plan speaks of: by one HEAD each."""

from __future__ import annotations

from collections.abc import Iterable

from infra.apply import Site
from infra.plan.loss import Holdings
from infra.plan.recorded import Quotas, Recorded
from infra.provider.account import read_used
from infra.provider.failure import CloudError
from infra.provider.object_store import read_content
from infra.provider.serving import cloud_of

_CONTAINER = "container "


def read_stored(site: Site, recorded: Recorded, declared: Quotas) -> dict[str, int]:
    """Give the bytes in the account of each project whose limit of objects changes, by the project's id."""
    changed = [
        recorded.projects[key]
        for (key, service), limits in declared.items()
        if service == "object_store" and key in recorded.projects and recorded.quotas.get((key, service)) != limits
    ]
    told = {}
    for identifier in changed:
        try:
            told[identifier] = read_used(cloud_of(site.engine.provider_environment()), identifier)
        except CloudError:  # accounts that cannot be told apart: nothing is known
            continue
    return {identifier: used for identifier, used in told.items() if used is not None}


def read_holdings(site: Site, recorded: Recorded, lost: Iterable[str]) -> Holdings:
    """Give the objects and bytes of each container among what would be lost; what cannot be counted is left out."""
    held = {}
    for name in (what.removeprefix(_CONTAINER) for what in lost if what.startswith(_CONTAINER)):
        project, _, container = name.partition("/")
        if (identifier := recorded.projects.get(project)) is not None:
            try:
                held[name] = read_content(cloud_of(site.engine.provider_environment()), f"{identifier}/{container}")
            except CloudError:
                continue
    return {name: content for name, content in held.items() if content is not None}
