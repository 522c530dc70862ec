"""What the cloud holds, read by a fixed number of bulk calls and kept as versioned JSON.

``collect_inventory`` reads, :class:`Inventory` is the value, ``load_inventory`` and ``parse_inventory`` bring it back. A
source that could not be read is ``None`` and named in ``failures``: nothing is silently empty.
"""

from infra.inventory.model import SCHEMA_VERSION, Inventory
from infra.inventory.text import load_inventory, parse_inventory, render_inventory

__all__ = ["SCHEMA_VERSION", "Inventory", "load_inventory", "parse_inventory", "render_inventory"]
