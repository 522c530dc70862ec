"""What holds data is deleted only where this very thing was named, or the operator said that all may go."""

from __future__ import annotations

import pytest

from infra.provider.cloud import ERASE_VARIABLE, Cloud
from infra.provider.failure import CloudError
from infra.provider.kind import refuse_erasure


@pytest.mark.parametrize(
    ("told", "may"),
    [("", False), ("v1", True), ("v2 v1 p/papers", True), ("v11", False), ("yes", True), ("no", False), ("p/v1", False)],
)
def test_exactly_what_was_named_may_go(told: str, may: bool) -> None:
    cloud = Cloud({ERASE_VARIABLE: told})
    assert cloud.may_erase("v1") is may
    if may:
        refuse_erasure(cloud, "volume data", "v1")
    else:
        with pytest.raises(
            CloudError, match="volume data holds data and is kept; it is deleted only by an approved erasure"
        ):
            refuse_erasure(cloud, "volume data", "v1")


def test_nothing_told_is_nothing_allowed() -> None:
    assert not Cloud({}).may_erase("v1")
