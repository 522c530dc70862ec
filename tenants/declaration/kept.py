"""What a project keeps beside volumes and containers: images that its people upload, and databases in its servers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from tenants.declaration.words import Declared, Name, Port

SqlName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
"""A name that needs no quotes in any database."""


class KeptImage(Declared):
    """An image that the project's people upload; nothing makes it, and backups keep it."""

    name: Name = Field(title="Name", description="Its name in the project, which no other image there has.")
    recovery: str = Field(default="", title="Recovery", description="Recovery tier; the project's where left out.")


class Engine(StrEnum):
    """How a database is dumped: the whole list, for a declaration never says what is run."""

    MARIADB = "mariadb"


class Database(Declared):
    """A database in one of the project's servers, dumped over TLS by an account that may only read."""

    name: Name = Field(title="Name", description="What its backups are called; unique in the project.")
    engine: Engine = Field(default=Engine.MARIADB, title="Engine", description="How it is dumped: mariadb.")
    server: Name = Field(title="Server", description="Server of the project with a floating address.")
    port: Port = Field(default=3306, title="Port", description="Port that it answers on.")
    schemas: tuple[SqlName, ...] = Field(min_length=1, title="Schemas", description="What of it is dumped, together.")
    user: SqlName = Field(
        title="User",
        description="Account with SELECT, SHOW VIEW, TRIGGER, EVENT on them, SELECT on mysql.proc, and no more.",
    )
    authority: str = Field(
        pattern=r"^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n?$",
        max_length=20_000,
        title="Authority",
        description="Certificate (PEM) of who signed the server's; a server without one of it is not asked.",
    )
    recovery: str = Field(default="", title="Recovery", description="Recovery tier; the project's where left out.")
