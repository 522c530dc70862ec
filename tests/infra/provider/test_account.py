"""How a project's account of objects is addressed and limited."""

import pytest

from infra.provider.account import AccountQuota, build_address, parse_quota, quota_headers
from infra.provider.failure import CloudError


def test_accounts_are_told_apart_by_their_project() -> None:
    assert build_address("https://api/swift/v1/AUTH_11", "11", "22") == "https://api/swift/v1/AUTH_22"
    with pytest.raises(CloudError, match="no account in its address"):
        build_address("https://api/swift/v1", "11", "22")


@pytest.mark.parametrize("limit", [-1, 0, 1024])
def test_a_limit_is_read_back_as_it_was_declared(limit: int) -> None:
    assert parse_quota(quota_headers(limit).get("X-Account-Meta-Quota-Bytes")) == AccountQuota(limit)


def test_no_room_is_never_sent_as_nought_which_is_no_limit() -> None:
    assert quota_headers(0) == {"X-Account-Meta-Quota-Bytes": "1"}
    assert quota_headers(-1) == {"X-Remove-Account-Meta-Quota-Bytes": "x"}
