"""What every kind promises without a cloud: what it accepts, what it compares, what it refuses, what it says."""

from types import SimpleNamespace

import pytest

from infra.programs.stacks import _errors, _sentence
from infra.provider.failure import describe_failure
from infra.provider.field import Field, limits, number, text
from infra.provider.kind import FOREIGN, KEPT, marked, unmarked
from infra.provider.registry import KINDS
from infra.provider.values import UNKNOWN, parse_values, render_values

VOLUME = KINDS["oneroof:block_storage:Volume"]
SUBNET = KINDS["oneroof:network:Subnet"]
RULES = KINDS["oneroof:network:SecurityGroup"]
ROLE = KINDS["oneroof:identity:RoleAssignment"]


@pytest.mark.parametrize("name", KINDS)
def test_a_type_names_its_service_and_every_default_is_right(name: str) -> None:
    kind = KINDS[name]
    assert name.startswith(f"oneroof:{kind.service}:")
    for field in kind.fields.values():
        default = field.filled(None)
        assert default is None or field.problem(list(default) if isinstance(default, tuple) else default) is None


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        (text(), None, "got nothing, expected text"),
        (text(), "", "got '', expected text that is not empty"),
        (text(""), "", None),
        (number(least=1), 0, "got 0, expected at least 1"),
        (number(), True, "got True, expected a whole number"),
        (number(), UNKNOWN, None),
        (limits(("cores",)), {"cores": 4}, None),
        (limits(("cores",)), {"discs": 4}, "got {'discs': 4}, expected whole numbers of at least -1 for any of cores"),
    ],
)
def test_a_wrong_value_is_told_with_what_was_expected(field: Field, value: object, problem: str | None) -> None:
    assert field.problem(value) == problem


def test_lists_that_are_sets_have_no_order_and_others_do() -> None:
    assert not Field(list, unordered=True).differs([{"a": 1}, {"b": 2}], [{"b": 2}, {"a": 1}])
    assert Field(list).differs(["a", "b"], ["b", "a"])


def test_what_is_left_out_is_whatever_the_cloud_chose() -> None:
    assert not text(None).differs("10.0.0.1", None)
    assert text(None).differs("10.0.0.1", "10.0.0.2")
    assert text().differs("x", UNKNOWN)


def test_a_subnet_says_what_is_wrong_with_its_range() -> None:
    given = {name: field.filled(None) for name, field in SUBNET.fields.items()}
    given |= {"name": "a", "network_id": "n", "cidr": "10.0.0.0/24"}
    assert SUBNET.problems(given) == {}
    assert "expected an address in 10.0.0.0/24" in SUBNET.problems(given | {"gateway_ip": "10.0.1.1"})["gateway_ip"]
    assert "expected an address range" in SUBNET.problems(given | {"cidr": "10.0.0.300/24"})["cidr"]
    assert SUBNET.problems(given | {"colour": "red"})["colour"].startswith("got an unknown property, expected name,")


def test_a_role_is_of_one_on_one() -> None:
    given = {name: field.filled(None) for name, field in ROLE.fields.items()} | {"role": "member"}
    assert ROLE.problems(given | {"group_id": "g", "project_id": "p"}) == {}
    assert "one of project_id and domain_id" in ROLE.problems(given | {"group_id": "g"})["role"]


def test_a_volume_grows_and_never_shrinks() -> None:
    state = {"name": "data", "size": 2}
    assert VOLUME.refuse(state, {"size": 3}) is None
    assert VOLUME.refuse(state, {"size": 1}) == "volume data cannot shrink: got 1 GiB, expected at least 2 GiB"


def test_what_was_there_before_never_differs() -> None:
    flavor = KINDS["oneroof:compute:Flavor"]
    assert flavor.changed({"name": "tiny", "description": "x", FOREIGN: True}, {"name": "tiny", "description": "y"}) == set()


def test_a_password_is_made_up_each_time_and_never_compared_later() -> None:
    user = KINDS["oneroof:identity:User"]
    made = user.generate()["password"]
    assert len(made) >= 32
    assert made != user.generate()["password"]
    assert user.changed({"name": "op", "password": made}, {"name": "op"}) == set()


def test_the_mark_is_added_and_taken_away() -> None:
    assert [unmarked(marked(words)) for words in ("", "Opening hours")] == ["", "Opening hours"]
    assert unmarked(None) == ""


def test_values_survive_the_wire_and_unknown_ones_stay_away() -> None:
    values = {"n": 3, "on": True, "list": [{"a": None}], "text": "x"}
    assert parse_values(render_values(values)) == values
    assert render_values({"id": UNKNOWN, "in": [UNKNOWN]}) == {}
    assert render_values({"password": "x"}, ["password"])["password"].is_secret


def test_a_failure_is_the_services_words_with_its_request() -> None:
    response = SimpleNamespace(
        text='{"conflictingRequest": {"code": 409, "message": "Volume  in use.\\n"}}',
        headers={"x-openstack-request-id": "req-1"},
    )
    error = SimpleNamespace(response=response, http_status=409)
    assert describe_failure(error) == "Volume in use (HTTP 409, request req-1)"  # type: ignore[arg-type]


def test_the_engines_words_around_a_sentence_are_dropped() -> None:
    said = "<{%fg 1%}>  \tcreating urn:x: 1 error occurred:\n\t* cannot create network a: no\n\n<{%reset%}>"
    assert _sentence(said) == "cannot create network a: no"
    assert _sentence("update failed") == ""
    assert _errors("x\nstderr: error: saving: no space left on device\n") == ("saving: no space left on device",)
    assert _errors("strange") == ("strange",)


def test_an_adopted_resource_keeps_its_name_until_another_is_declared() -> None:
    kind = KINDS["oneroof:network:Network"]
    inputs = {"name": "old-net", "description": "", "is_shared": False}
    state = {"name": "Old Net", "description": "by hand", "is_shared": False, KEPT: {"name": "old-net", "description": ""}}
    assert kind.changed(state, inputs) == set()
    assert kind.changed(state, {**inputs, "name": "new-net"}) == {"name"}
    assert kind.changed(state, {**inputs, "is_shared": True}) == {"is_shared"}
