"""A plan shows what differs, not everything around it."""

from infra.plan import Planned, Row, build_rows
from infra.programs.stacks import Step

QUOTA = Step(
    "update",
    "oneroof:compute:Quota",
    "prod",
    (("limits", {"cores": 99, "ram": 8}, {"cores": 4, "ram": 8}),),
)


def test_of_a_mapping_the_keys_that_differ_are_shown() -> None:
    assert list(build_rows(Planned("parks", (QUOTA,)))) == [
        Row("parks", "update", "compute quota prod", "limits.cores", "4", "99")
    ]


def test_of_a_list_the_items_that_come_and_go_are_shown() -> None:
    kept, gone, new = {"port": 1}, {"port": 2, "remote": None}, {"port": 3}
    step = Step("update", "oneroof:network:SecurityGroup", "prod/web", (("rules", [kept, gone], [new, kept]),))
    assert [(row.declared, row.actual) for row in build_rows(Planned("parks", (step,)))] == [
        ("port=3", "–"),
        ("–", "port=2"),
    ]


def test_the_same_items_in_another_order_are_shown_whole() -> None:
    step = Step("update", "oneroof:compute:Server", "prod/site", (("volume_ids", ["a", "b"], ["b", "a"]),))
    assert [(row.declared, row.actual) for row in build_rows(Planned("parks", (step,)))] == [("['b', 'a']", "['a', 'b']")]


def test_secrets_are_never_shown() -> None:
    closed = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
    step = Step("update", "oneroof:identity:User", "op", (("password", closed, None),))
    assert [row.actual for row in build_rows(Planned("parks", (step,)))] == ["(secret)"]


def test_what_cannot_be_done_is_pending_too() -> None:
    assert Planned("parks", reasons=("volume prod/old holds data",)).is_pending
    assert not Planned("parks").is_pending
