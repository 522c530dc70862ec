"""An inventory as JSON and back. Unknown schema versions and broken files are refused, never guessed at."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from infra.inventory.model import SCHEMA_VERSION, Inventory
from tenants.problem import Problem, UserError


def render_inventory(inventory: Inventory) -> str:
    """Render as JSON with sorted keys, so that two readings can be compared line by line."""
    return json.dumps(asdict(inventory), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def parse_inventory(text: str, file: Path | None = None) -> Inventory:
    """Read what :func:`render_inventory` gave; raise :class:`UserError` where it is something else."""
    try:
        version = json.loads(text).get("schema_version")
    except (ValueError, AttributeError) as error:
        raise UserError(Problem(f"the inventory is not a JSON object: {error}", file=file)) from error
    if version != SCHEMA_VERSION:
        hint = "collect it again: oneroof inventory"
        raise UserError(Problem(f"schema_version: got {version!r}, expected {SCHEMA_VERSION}", hint, file))
    try:
        return TypeAdapter(Inventory).validate_json(text)
    except ValidationError as error:
        raise UserError.of(
            Problem(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}, got {e['input']!r:.80}", file=file)
            for e in error.errors()
        ) from error


def load_inventory(file: Path) -> Inventory:
    """Read an inventory from a file."""
    return parse_inventory(file.read_text(encoding="utf-8"), file)
