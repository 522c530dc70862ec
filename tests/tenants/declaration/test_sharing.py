"""Sharing: each rule by the sentence it ends in, and the catalogue of what is shared as of a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tenants.declaration.load import department_files, load_departments, load_files
from tenants.declaration.shares import Share, State, build_shares
from tenants.declaration.sharing import Access, Grant, Kind, Refusal, Request
from tenants.problem import Problem, UserError

HEAD = "name: {0}\nlocal_name: {0}\nowners: [it@{0}.gov.example]\ncost_centre: F-1\n"
OWNER = """\
projects:
  - name: prod
    containers: [{name: maps}]
    networks: [{name: front, cidr: 10.20.0.0/24}]
shares:
"""
GRANT = {
    "container": "prod/maps",
    "with": "parks/prod",
    "purpose": "Paths on the map",
    "legal_basis": "Order 7",
    "data_items": "[paths]",
    "from": "2026-01-01",
    "to": "2026-12-31",
    "approved_by": "[it@forestry.gov.example, it@parks.gov.example]",
}
REQUEST = {
    "of": "forestry",
    "for": "prod",
    "container": "prod/maps",
    "purpose": "Paths on the map",
    "data_items": "[paths]",
    "from": "2026-01-01",
    "to": "2026-12-31",
    "asked_on": "2025-11-20",
}
REFUSAL = {"container": "prod/maps", "with": "parks/prod", "reason": "Drawn anew", "refused_on": "2025-12-01"}


@pytest.fixture
def problems(directory: Path) -> Callable[..., tuple[Problem, ...]]:
    """Write departments, each with an owner of its own, and give what loading them complains about."""

    def load(**bodies: str) -> tuple[Problem, ...]:
        write(directory, **bodies)
        try:
            load_departments(directory)
        except UserError as error:
            return error.problems
        return ()

    return load


def write(directory: Path, **bodies: str) -> None:
    for name, body in bodies.items():
        (directory / f"{name}.yaml").write_text(HEAD.format(name) + body)


def entry(values: dict[str, str], **changed: str | None) -> str:
    """Give one entry of a list on one line, with other values for some keys; None leaves one out."""
    every = {**values, **{key.strip("_"): value for key, value in changed.items()}}
    return "  - {" + ", ".join(f"{key}: {value}" for key, value in every.items() if value is not None) + "}\n"


def parks(*requests: str) -> str:
    return "projects: [{name: prod}]\n" + ("requests:\n" + "".join(requests) if requests else "")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"container": "prod/mapps"},
            "container: got mapps, expected a container of forestry/prod: maps\n  HINT: Did you mean maps?",
        ),
        (
            {"container": None, "network": "prod/fornt", "data_items": None},
            "network: got fornt, expected a network of forestry/prod: front\n  HINT: Did you mean front?",
        ),
        (
            {"container": None, "image": "prd/registry 2026", "data_items": None},
            "image: got project prd, expected a project of forestry: prod\n  HINT: Did you mean prod?",
        ),
        (
            {"with_": "park/prod"},
            "with: got department park, expected a department that is declared: forestry or parks\n"
            "  HINT: Did you mean parks?",
        ),
        (
            {"with_": "parks/test"},
            "with: got project test, expected a project of parks: prod",
        ),
        (
            {"with_": "forestry/prod"},
            "with: got forestry/prod, a project of the same department, expected one of another department\n"
            "  HINT: Inside a department, groups and their roles say who may do what.",
        ),
        ({"to": "2025-12-31"}, "to: got 2025-12-31, expected a day not before 2026-01-01, the first one"),
        (
            {"to": "2029-01-02"},
            "to: got 2029-01-02, expected 2029-01-01 at the latest: a grant lasts 3 years at most\n"
            "  HINT: Ask again when it ends.",
        ),
        (
            {"container": None, "network": "prod/front", "access": "write"},
            "access: got write for network prod/front, expected access of a container alone\n  HINT: Leave it out.",
        ),
        (
            {"legal_basis": "TBD"},
            "legal_basis: got TBD, expected your own words in place of the placeholder",
        ),
        ({"data_items": None}, "data_items: got none, expected which data of the container it is about"),
        (
            {"approved_by": "[it@forestry.gov.example]"},
            "approved_by: got no owner of parks, expected it@parks.gov.example",
        ),
        (
            {"approved_by": "[it@parks.gov.example]"},
            "approved_by: got no owner of forestry, expected it@forestry.gov.example",
        ),
        (
            {"approved_by": "[it@forestry.gov.example, it@parks.gov.example, me@home.example]"},
            "approved_by[2]: got me@home.example, expected an owner of forestry or parks: "
            "it@forestry.gov.example or it@parks.gov.example",
        ),
        ({"container": None}, ": got nothing to share, expected one of: container, network, image"),
        (
            {"network": "prod/front"},
            ": got container and network to share, expected one of: container, network, image",
        ),
        ({"container": "maps"}, "container: got maps, expected two names with a slash between them, such as prod/bulletins"),
        ({"from_": "01.01.2026"}, "from: got 01.01.2026, expected a day such as 2027-03-31"),
        ({"to": "20261231"}, "to: got 20261231, expected a day such as 2027-03-31"),
    ],
)
def test_one_broken_rule_of_a_grant_is_one_sentence(problems, changed: dict[str, str | None], sentence: str) -> None:
    (problem,) = problems(forestry=OWNER + entry(GRANT, **changed), parks=parks())
    separator = "" if sentence.startswith(":") else "."
    assert str(problem).split("forestry.yaml:", 1)[1] == f"10: shares[0]{separator}{sentence}"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"of": "parks"}, "of: got parks, the department itself, expected another department"),
        (
            {"of": "forest"},
            "of: got department forest, expected a department that is declared: forestry or parks\n"
            "  HINT: Did you mean forestry?",
        ),
        ({"for_": "test"}, "for: got project test, expected a project of parks: prod"),
        ({"container": "prod/plans"}, "container: got plans, expected a container of forestry/prod: maps"),
        ({"to": "2025-01-01"}, "to: got 2025-01-01, expected a day not before 2026-01-01, the first one"),
    ],
)
def test_one_broken_rule_of_a_request_is_one_sentence(problems, changed: dict[str, str | None], sentence: str) -> None:
    owner = OWNER.removesuffix("shares:\n")
    (problem,) = problems(forestry=owner, parks=parks(entry(REQUEST, **changed)))
    assert str(problem).split("parks.yaml:", 1)[1] == f"7: requests[0].{sentence}"


def test_confidential_data_needs_a_legal_basis_in_grants_and_requests(problems) -> None:
    body = "classification: confidential\n" + OWNER + entry(GRANT, legal_basis=None)
    granted, asked = problems(forestry=body, parks=parks(entry(REQUEST)))
    expected = "expected the law, order or agreement that allows it: data of forestry is confidential"
    assert granted.what == f"shares[0].legal_basis: got none, {expected}"
    assert asked.what == f"requests[0].legal_basis: got none, {expected}"


def test_the_same_is_not_granted_twice_at_a_time(problems) -> None:
    after = entry(GRANT, from_="2027-01-01", to="2027-06-30")
    assert problems(forestry=OWNER + entry(GRANT) + after, parks=parks()) == ()
    (problem,) = problems(forestry=OWNER + entry(GRANT) + entry(GRANT, from_="2026-12-31", to="2027-06-30"), parks=parks())
    assert problem.what == (
        "shares[1]: got container prod/maps for parks/prod, which shares[0] grants at the same time, expected it once"
    )


def test_a_refusal_answers_a_request_that_is_there(problems) -> None:
    owner = OWNER.replace("shares:\n", "refusals:\n") + entry(REFUSAL)
    assert problems(forestry=owner, parks=parks(entry(REQUEST))) == ()
    (problem,) = problems(forestry=owner, parks=parks())
    assert problem.what == "refusals[0]: got container prod/maps for parks/prod, expected a request that parks declares"


def test_a_request_is_not_refused_and_granted(problems) -> None:
    both = OWNER + entry(GRANT) + "refusals:\n" + entry(REFUSAL)
    (problem,) = problems(forestry=both, parks=parks(entry(REQUEST)))
    assert problem.what == (
        "refusals[0]: got a refusal of container prod/maps for parks/prod, which shares[0] grants, expected one of the two"
    )
    # who asked to write and may read was refused the writing alone
    assert problems(forestry=both, parks=parks(entry(REQUEST, access="write"))) == ()


def test_a_grant_that_ended_is_a_mistake_of_its_own_file_on_that_day_alone(problems, directory: Path) -> None:
    assert problems(forestry=OWNER + entry(GRANT), parks=parks()) == ()
    files = department_files(directory)
    assert load_files(files, directory, today=date(2026, 12, 31)) == load_departments(directory)
    assert load_files(files, directory, today=date(2027, 1, 1), only={"parks"}) == load_departments(directory)
    with pytest.raises(UserError) as caught:
        load_files(files, directory, today=date(2027, 1, 1))
    assert str(caught.value).split("forestry.yaml:")[1] == (
        "10: shares[0].to: got 2026-12-31, so container prod/maps is no longer shared with parks/prod since 2027-01-01, "
        "expected grants that are still to be used\n"
        "  HINT: Remove the grant; one that goes on gets a new last day and new approvals."
    )


def shares(directory: Path, today: date, owner: str, asker: str) -> tuple[Share, ...]:
    write(directory, forestry=owner, parks=asker)
    return build_shares(load_departments(directory), today)


@pytest.mark.parametrize(
    ("today", "state", "detail"),
    [
        (date(2025, 12, 31), State.PENDING, "begins in 1 day"),
        (date(2026, 1, 1), State.ACTIVE, "active"),
        (date(2026, 11, 30), State.ACTIVE, "active"),
        (date(2026, 12, 1), State.ACTIVE, "ends in 30 days"),
        (date(2026, 12, 31), State.ACTIVE, "ends today"),
        (date(2027, 1, 1), State.EXPIRED, "expired 1 day ago"),
    ],
)
def test_a_grant_is_what_the_day_makes_it(directory: Path, today: date, state: State, detail: str) -> None:
    (share,) = shares(directory, today, OWNER + entry(GRANT), parks())
    assert (share.state, share.detail) == (state, detail)
    assert (share.owner, share.kind, share.place, share.grantee) == ("forestry", Kind.CONTAINER, "prod/maps", "parks/prod")
    assert isinstance(share.terms, Grant)
    assert share.terms.in_force(today) is (state is State.ACTIVE)


def test_a_request_is_open_until_it_is_granted_or_refused(directory: Path) -> None:
    day, asked = date(2026, 6, 1), parks(entry(REQUEST))
    nothing, refused = OWNER.removesuffix("shares:\n"), OWNER.replace("shares:\n", "refusals:\n") + entry(REFUSAL)
    (open_,) = shares(directory, day, nothing, asked)
    assert (open_.state, open_.detail) == (State.OPEN, "request open since 2025-11-20")
    assert isinstance(open_.terms, Request)
    _, granted = shares(directory, day, OWNER + entry(GRANT), asked)
    assert granted.state is State.GRANTED
    (refusal,) = shares(directory, day, refused, asked)
    assert refusal.detail == "request refused on 2025-12-01: Drawn anew"
    _, more = shares(directory, day, OWNER + entry(GRANT), parks(entry(REQUEST, access="write")))
    assert more.state is State.OPEN


def test_a_share_as_json_says_everything_that_was_agreed(directory: Path) -> None:
    (share,) = shares(directory, date(2026, 6, 1), OWNER + entry(GRANT, access="write"), parks())
    assert share.as_json() == {
        "owner": "forestry", "kind": "container", "place": "prod/maps", "grantee": "parks/prod", "access": "write",
        "state": "active", "detail": "active", "purpose": "Paths on the map", "legal_basis": "Order 7",
        "data_items": ["paths"], "from": "2026-01-01", "to": "2026-12-31", "is_request": False,
        "approved_by": ["it@forestry.gov.example", "it@parks.gov.example"],
    }  # fmt: skip


def test_models_are_written_with_the_words_of_the_file() -> None:
    refusal = Refusal.model_validate({**REFUSAL})
    assert refusal.grantee == "parks/prod"
    grant = Grant.model_validate({**GRANT, "data_items": ["paths"], "approved_by": []})
    assert grant.access is Access.READ
    assert grant.model_dump(by_alias=True, mode="json")["from"] == "2026-01-01"


NODE = "projects:\n  - {{name: prod, servers: [{{name: node, flavor: tiny, image: tiny, network: {0}{1}}}]}}\n"
LENT = {**GRANT, "container": None, "network": "prod/front", "data_items": None}


@pytest.mark.parametrize(
    ("network", "more", "sentence"),
    [
        ("forestry/prod/front", "", None),
        (
            "forestry/prod/fornt",
            "",
            "network: got forestry/prod/fornt, expected a network that forestry shares with parks/prod: prod/front\n"
            "  HINT: Did you mean prod/front?",
        ),
        ("forestri/prod/front", "", "network: got forestri/prod/front, expected a network of a department that is declared"),
        ("parks/prod/front", "", "network: got parks/prod/front, expected a network of the project, or one of another"),
        (
            "forestry/prod/front",
            ", floating_ip: true",
            "floating_ip: got a server of forestry/prod/front, expected a network",
        ),
    ],
)
def test_a_server_is_on_anothers_network_by_a_grant_alone(
    problems: Callable[..., tuple[Problem, ...]], network: str, more: str, sentence: str | None
) -> None:
    told = [str(each) for each in problems(forestry=OWNER + entry(LENT), parks=NODE.format(network, more))]
    assert [sentence in each for each in told if sentence] == [True] * (sentence is not None)


def test_a_server_whose_grant_there_is_none_of_says_how_to_get_one(problems: Callable[..., tuple[Problem, ...]]) -> None:
    (told,) = problems(forestry=OWNER.replace("shares:\n", ""), parks=NODE.format("forestry/prod/front", ""))
    assert "expected a network that forestry shares with parks/prod, which shares none with it" in str(told)
    assert "HINT: Ask forestry for it under requests; it stands there once forestry grants it under shares." in str(told)


def test_the_end_of_its_grant_is_told_to_who_has_the_server_there(directory: Path) -> None:
    write(directory, forestry=OWNER + entry(LENT), parks=NODE.format("forestry/prod/front", ""))
    files = department_files(directory)
    load_files(files, directory, today=date(2026, 12, 31), only={"parks"})
    with pytest.raises(UserError, match="whose grant ended on 2026-12-31, so the server is on no network"):
        load_files(files, directory, today=date(2027, 1, 1), only={"parks"})
