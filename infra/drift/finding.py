"""One thing that is not as it was declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, order=True)
class Finding:
    """What is wrong with one resource, and the command that mends it."""

    department: str
    """Empty where it is nobody's."""
    kind: Literal["missing", "mismatch", "unknown"]
    resource: str
    """Such as ``Server``."""
    name: str
    """In the stack, or in the cloud where no stack has it."""
    what: str
    remedy: str
    """A command line."""
    id: str
