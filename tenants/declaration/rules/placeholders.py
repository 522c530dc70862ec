"""Placeholders: what a template left to be filled in was filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tenants.declaration.model import Department
from tenants.declaration.rules.finding import Finding
from tenants.declaration.source import Place

PLACEHOLDER = "CHANGE-ME"
"""What ``oneroof tenants new`` writes where nobody but the department knows what belongs there."""

_LEFT = re.compile(r"(change|fill|replace)[-_ ]?(me|in|this)|t\.?b\.?[dac]\.?|to ?do|fixme|x{3,}|\?+|<.*>", re.IGNORECASE)
_WRITTEN = ("local_name", "owners", "cost_centre", "purpose")
"""The keys that people write in their own words."""


def check(department: Department) -> Iterator[Finding]:
    """Check what people write in their own words: of the department, and each purpose."""
    texts: list[tuple[Place, Any]] = [((key,), getattr(department, key, None)) for key in _WRITTEN]
    texts += [(("projects", at, "purpose"), project.purpose) for at, project in enumerate(department.projects)]
    for key in ("shares", "requests"):
        for at, terms in enumerate(getattr(department, key)):
            texts += [((key, at, "purpose"), terms.purpose), ((key, at, "legal_basis"), terms.legal_basis)]
    for place, value in texts:
        entries = [(place, value)] if isinstance(value, str) else [((*place, at), v) for at, v in enumerate(value or ())]
        for where, text in entries:
            if _LEFT.fullmatch(text.strip()) or text.lower().startswith(f"{PLACEHOLDER.lower()}@"):
                yield Finding(where, f"got {text}, expected your own words in place of the placeholder")
