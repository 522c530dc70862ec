"""Who is who on the forge, and whose approval what needs: ``infra/review/policy.yaml`` of the protected branch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from pydantic import Field, ValidationError

from tenants.declaration.sentence import sentences
from tenants.declaration.source import parse_source
from tenants.declaration.words import Declared, Mailbox
from tenants.problem import UserError

POLICY_PATH = "infra/review/policy.yaml"


class Risk(StrEnum):
    """What makes a request more than a change of one's own things; each is a label on it."""

    NEW_DEPARTMENT = "new_department"
    OWNERS = "owners"
    QUOTA = "quota"
    DELETION = "deletion"
    DATA = "data"
    SHARING = "sharing"
    PRODUCTION = "production"
    OTHERS = "others"
    """Files that are no department's declaration; operations alone may change them."""

    @property
    def label(self) -> str:
        """Give the label's name."""
        return f"risk: {self.value.replace('_', ' ')}"


class Approver(StrEnum):
    """Whose approval a risk may need."""

    OWNER = "owner"
    PARTNER = "partner"
    OPERATIONS = "operations"


class Policy(Declared):
    """The rules of review."""

    operations: tuple[str, ...] = Field(min_length=1, title="Operations", description="Accounts that run the cloud.")
    people: Mapping[Mailbox, tuple[str, ...]] = Field(
        title="People", description="Mailbox of an owner to the accounts behind it."
    )
    approvals: Mapping[Risk, tuple[Approver, ...]] = Field(title="Approvals", description="Risk to who must approve.")
    quota_growth_percent: int = Field(
        strict=True, ge=0, le=1000, title="Growth", description="Growth of a quota in one request that is no risk yet."
    )

    def is_operations(self, account: str) -> bool:
        """Tell whether an account runs the cloud."""
        return account.casefold() in {each.casefold() for each in self.operations}

    def accounts(self, mailboxes: Iterable[str]) -> frozenset[str]:
        """Give the accounts of owners, in lower case as forges compare them."""
        return frozenset(account.casefold() for mailbox in mailboxes for account in self.people.get(mailbox, ()))

    def is_known(self, account: str) -> bool:
        """Tell whether an account is anybody's."""
        return self.is_operations(account) or account.casefold() in self.accounts(self.people)


def parse_policy(text: str, file: Path = Path(POLICY_PATH)) -> Policy:
    """Turn the file's text into the rules; raises UserError with every mistake."""
    source = parse_source(text, file)
    try:
        return Policy.model_validate(source.value)
    except ValidationError as error:
        raise UserError.of(sentences(error, Policy, source)) from error
