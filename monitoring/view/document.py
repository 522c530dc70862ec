"""The published facts of one department as JSON, and back: ``reports/departments/<department>.json``."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from monitoring.view.model import View
from tenants.problem import Problem, UserError

_VIEW = TypeAdapter(View)
_PATIENCE_SECONDS = 20
_MOST_BYTES = 16 * 1024**2


def render_document(view: View) -> str:
    """Give the JSON; names are part of the interface and only ever added to."""
    return _VIEW.dump_json(view, indent=2).decode() + "\n"


def parse_document(text: str | bytes, place: str) -> View:
    """Read the JSON; raise :class:`UserError` where it is none of this version."""
    try:
        return _VIEW.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "document"
        hint = "`oneroof report` writes reports/departments/<department>.json; give that file or where it is published."
        raise UserError(Problem(f"{place}: {where}: {first['msg']}", hint)) from error


def load_document(place: str) -> View:
    """Read published facts from a file or an ``https://`` address; raise :class:`UserError` where they cannot be had."""
    if "://" in place:
        return parse_document(_fetch(place), place)
    file = Path(place)
    try:
        return parse_document(file.read_bytes(), place)
    except FileNotFoundError:
        raise UserError(Problem("there is no such file", "`oneroof report` writes it.", file)) from None


def _fetch(address: str) -> bytes:
    import requests

    if not address.startswith(("https://", "http://")):
        raise UserError(Problem(f"got {address}, expected a file or an https:// address"))
    try:
        answer = requests.get(address, timeout=_PATIENCE_SECONDS, stream=True)
        answer.raise_for_status()
        body: bytes = answer.raw.read(_MOST_BYTES + 1, decode_content=True)
    except requests.RequestException as error:
        raise UserError(Problem(f"{address} cannot be read: {' '.join(str(error).split())}")) from error
    if len(body) > _MOST_BYTES:
        raise UserError(Problem(f"{address}: got more than 16 MiB, expected the facts of one department"))
    return body
