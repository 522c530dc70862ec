"""Questions to the cloud that wait for none of each other's answers, asked side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_AT_ONCE = 6
"""As many as a few services answer without making each other wait."""
_T = TypeVar("_T")


def ask_all(asks: Iterable[Callable[[], _T]]) -> list[_T]:
    """Give the answers in the order of the questions; raises what the first of them that failed raised."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="ask") as pool:
        return list(pool.map(lambda ask: ask(), asks))
