"""Images: only those are taken whose content can be held against a sum of Glance's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from backup.plan import SHARED_IMAGES, Job
from backup.records import Source
from backup.sources.image import choose
from backup.sources.taken import NotTakenError

ONE = {
    "id": "73cbe14a-5884-4089-87a4-eb4582fe14e4",
    "name": "base",
    "size": 5,
    "os_hash_algo": "sha512",
    "os_hash_value": "ab" * 64,
}
OTHER = ONE | {"id": "05b987b0-4999-4585-99ae-4385ba1314dd", "name": "tiny"}


def job(name: str) -> Job:
    zero = timedelta()
    return Job("health", Source.IMAGE, name, "gold", zero, zero, zero)


def test_images_are_taken_in_the_order_of_their_ids() -> None:
    assert choose([ONE, OTHER], job(SHARED_IMAGES)) == [OTHER, ONE]
    assert choose([ONE], job("prod/base")) == [ONE]


@pytest.mark.parametrize(
    ("found", "name", "reason"),
    [
        ([], "prod/base", "the cloud has 0 active images base in the project, expected one"),
        ([ONE, OTHER], "prod/base", "the cloud has 2 active images base"),
        ([], SHARED_IMAGES, "no image that all departments may use"),
        ([ONE | {"os_hash_algo": "md5"}], "prod/base", "image base: Glance tells md5, expected sha256, sha384, sha512"),
        ([ONE | {"os_hash_value": None}], "prod/base", "image base: Glance tells sha512, expected"),
        ([ONE | {"id": "../x"}], "prod/base", "expected a UUID"),
    ],
)
def test_what_cannot_be_held_against_a_sum_is_not_taken(found: list[dict[str, Any]], name: str, reason: str) -> None:
    with pytest.raises(NotTakenError, match=reason):
        choose(found, job(name))
