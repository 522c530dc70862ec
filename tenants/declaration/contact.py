"""Whom to reach about what in a department."""

from __future__ import annotations

from pydantic import Field, model_validator

from tenants.declaration.words import PHONE_PATTERN, Declared, Mailbox


class Contact(Declared):
    """Somebody, or a desk, that answers for one subject."""

    purpose: str = Field(
        min_length=1,
        max_length=120,
        validation_alias="for",
        serialization_alias="for",
        title="For",
        description="What they are asked about, for example incidents, data protection, invoices.",
    )
    mailbox: Mailbox | None = Field(default=None, title="Mailbox", description="Where they are written to.")
    phone: str | None = Field(
        default=None,
        pattern=PHONE_PATTERN,
        title="Phone",
        description="Where they are called, for example +86 10 5550 0100.",
    )

    @model_validator(mode="after")
    def _can_be_reached(self) -> Contact:
        if self.mailbox is None and self.phone is None:
            raise ValueError("got neither mailbox nor phone, expected at least one of them")
        return self
