"""Begins to read the cloud while the command still loads what it plans with: one waits for answers, the other computes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from infra.inventory.collect import PROVIDERS, collect_inventory
from infra.inventory.sources import SOURCES
from tenants.installation import Installation

if TYPE_CHECKING:
    from infra.inventory.model import Inventory

_HEALTH = frozenset({"hypervisors", "compute_services", "block_storage_services", "network_agents"})
PLANNED = frozenset(source.field for source in SOURCES) - _HEALTH | {PROVIDERS}
"""What a plan compares, counts or measures against: not how hosts and agents are."""

Reading = Callable[[], "Inventory"]
"""Waits until the cloud is read and gives it; raises what reading it raised."""


def begin_reading(installation: Installation, cloud: str) -> Reading:
    """Begin to read all that a plan needs; a command that ends before is not held up."""
    found: Future[Inventory] = Future()

    def read() -> None:
        try:
            from infra.inventory.connect import connect

            found.set_result(collect_inventory(connect(installation, cloud), only=PLANNED))
        except BaseException as error:  # noqa: BLE001 - whoever waits is told
            found.set_exception(error)

    threading.Thread(target=read, name="ahead", daemon=True).start()
    return found.result
