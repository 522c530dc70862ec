"""Neutron's API, with three things set that have no option: a third of its processor time less, and no answer another.

- Three one-to-one relations of every port are loaded by a subquery each, which SQLAlchemy builds anew each time (a fifth of
  the time). Joined, they come with the port.
- Neutron has more statements than the 500 that SQLAlchemy keeps compiled: they were compiled again and again.
- That a worker lives is written to the database with nearly every event of OVN, because it is read from a copy up to a
  minute old. A thread of the worker's own writes it every 15 s anyway.

Served by ``serve_wsgi.py``, beside which it lies.
"""

from __future__ import annotations

import importlib
from typing import Any

STATEMENTS = 3000
"""Compiled statements that an engine keeps."""


def join_single_relations(orm: Any) -> None:
    """Let relations that are declared from now on come with their row where they are one at most."""
    declare = orm.backref

    def backref(name: str, **options: Any) -> Any:
        if options.get("lazy") == "subquery" and options.get("uselist") is False:
            options["lazy"] = "joined"
        return declare(name, **options)

    orm.backref = backref


def keep_compiled(sqlalchemy: Any, statements: int) -> None:
    """Let engines that are made from now on keep so many statements."""
    make = sqlalchemy.create_engine

    def create_engine(*arguments: Any, **options: Any) -> Any:
        return make(*arguments, **{"query_cache_size": statements, **options})

    sqlalchemy.create_engine = create_engine


def trust_own_thread(constants: Any) -> None:
    """Let a worker write with an event only when its thread is late; it counts as dead much later."""
    constants.HASH_RING_TOUCH_INTERVAL += constants.HASH_RING_CACHE_TIMEOUT


def load() -> Any:
    """Set them and give Neutron's application."""
    join_single_relations(importlib.import_module("sqlalchemy.orm"))
    keep_compiled(importlib.import_module("sqlalchemy"), STATEMENTS)
    loaded = importlib.import_module("neutron.wsgi.api").application
    # afterwards: the thread took its own interval from there when it was loaded
    trust_own_thread(importlib.import_module("neutron.common.ovn.constants"))
    return loaded


def __getattr__(name: str) -> Any:
    """Load when a server asks for ``application``; whoever only imports this starts nothing."""
    if name == "application":
        return load()
    raise AttributeError(name)
