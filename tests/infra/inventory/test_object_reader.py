"""The gateway's statistics of a project's containers, and the signature that asks for them."""

from __future__ import annotations

import json

from infra.inventory.object_account import Account, Container
from infra.inventory.object_reader import parse_buckets, parse_names, sign

# as Ceph 16.2 told it, of a container with an upload in parts that is not finished, and of one that was never written to
TOLD = """[
 {"bucket": "scans", "tenant": "fc15", "owner": "fc15$fc15", "usage": {
   "rgw.main": {"size": 4096, "size_actual": 8192, "num_objects": 3},
   "rgw.multimeta": {"size": 512, "size_actual": 4096, "num_objects": 1}}},
 {"bucket": "drafts", "tenant": "fc15", "owner": "fc15$fc15", "usage": {}}
]"""


def test_containers_are_added_up() -> None:
    account = parse_buckets(json.loads(TOLD))
    assert account == Account(4608, 3, 2, (Container("scans", 4608, 3), Container("drafts", 0, 0)))


def test_nothing_is_an_account_of_nothing() -> None:
    assert parse_buckets([]) == Account(0, 0, 0, ())


def test_names_of_all_are_sorted_by_project_and_the_gateways_own_users_left_out() -> None:
    told = ["fc15/scans", "0a1b/scans", "fc15/with/slash", "of-a-user-of-its-own"]
    assert parse_names(told) == {"fc15": ("scans", "with/slash"), "0a1b": ("scans",)}


def test_the_signature_is_that_of_the_documentation() -> None:
    # "Object GET" in RESTAuthentication.html, the keys of its examples
    told = sign(
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "/awsexamplebucket1/photos/puppy.jpg",
        "Tue, 27 Mar 2007 19:36:42 +0000",
    )
    assert told["Authorization"] == "AWS AKIAIOSFODNN7EXAMPLE:qgk2+6Sv9/oM7G3qLEjTH1a1l1g="
