"""Restores: what a department asks back is declared, goes where nobody else reads, and replaces data by approval alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tenants.declaration.load import load_departments, load_files
from tenants.problem import Problem, UserError

Problems = Callable[..., tuple[Problem, ...]]
BODY = """\
projects:
  - name: prod
    networks: [{name: front, cidr: 10.20.0.0/24}]
    volumes: [{name: data, size_gib: 2}, {name: small, size_gib: 1}, {name: data-back, size_gib: 2}]
    containers: [{name: papers}, {name: papers-back}, {name: bulletins}]
  - name: trial
    containers: [{name: drafts}]
shares:
  - container: prod/bulletins
    with: health/prod
    purpose: Everybody reads them
    data_items: [bulletins]
    from: 2026-01-01
    to: 2028-12-31
    approved_by: [it@forestry.gov.example, it@health.gov.example]
"""
OTHER = """\
name: health
local_name: Health
owners: [it@health.gov.example]
cost_centre: H-1
projects: [{name: prod}]
"""
DATABASE = """\
projects:
  - name: prod
    networks: [{name: front, cidr: 10.20.0.0/24}]
    containers: [{name: papers}]
    servers: [{name: db, flavor: tiny, image: tiny, floating_ip: true}]
    databases:
      - name: registry
        server: db
        schemas: [registry]
        user: backup
        authority: "-----BEGIN CERTIFICATE-----\\nMIIBszCCAVmgAwIBAgIU\\n-----END CERTIFICATE-----\\n"
"""
DAYS = "not_before: 2026-11-25, expires: 2026-12-05"
WHY = f"reason: Deleted by mistake, {DAYS}"
BY = "overwrite: true, approved_by: [it@forestry.gov.example], approved_on: 2026-11-25"


def test_a_request_says_what_as_of_when_and_where_to(directory: Path) -> None:
    write(
        directory,
        f"what: container prod/papers, at: 2026-11-20T18:00+08:00, prefix: back/2026/, {WHY}",
        f"what: volume prod/data, into: prod/data-back, {WHY}",
        f"what: volume prod/data, {WHY}, {BY}",
    )
    papers, data, over = next(d for d in load_departments(directory) if d.name == "forestry").restores
    assert papers.at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert (papers.source, papers.name, papers.target_kind) == ("container", "prod/papers", "container")
    assert papers.destination == "prod/papers/back/2026/"
    assert (data.at, data.target, over.target, over.overwrite) == (None, "prod/data-back", "prod/data", True)


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            f"what: volume prod/dat, {WHY}",
            "what: got volume prod/dat, expected volume prod/data, prod/small or prod/data-back"
            "\n  HINT: Did you mean prod/data?",
        ),
        (
            f"what: server prod/web, {WHY}",
            "what: got server prod/web, expected volume, container or database PROJECT/NAME",
        ),
        (
            f"what: database prod/registry, into: prod/papers, {WHY}",
            "what: got database prod/registry, but no database is declared"
            "\n  HINT: What is gone is declared again, empty, to be filled.",
        ),
        (
            f"what: container prod/papers, into: prod/elsewhere, {WHY}",
            "into: got container prod/elsewhere, expected container prod/papers, prod/papers-back, prod/bulletins or "
            "trial/drafts\n  HINT: Declare it, empty, in the same request.",
        ),
        (
            f"what: volume prod/data, into: prod/papers-back, {WHY}",
            "into: got volume prod/papers-back, expected volume prod/data, prod/small or prod/data-back"
            "\n  HINT: Did you mean prod/data-back?",
        ),
        (
            f"what: volume prod/data, into: prod/small, {WHY}",
            "into: got volume prod/small with 1 GiB, expected 2 GiB or more, as volume prod/data has",
        ),
        (
            f"what: volume prod/data, into: prod/data-back, prefix: back/, {WHY}",
            "prefix: got back/ for volume prod/data, expected none: a volume has no objects",
        ),
        (
            f"what: container prod/papers, into: prod/bulletins, {WHY}",
            "into: got container prod/bulletins, which is shared with health/prod, "
            "expected one that no other department reads",
        ),
        *(
            (
                f"what: container prod/papers, prefix: {prefix}, {WHY}",
                f"prefix: got {prefix}, expected names that end with a slash, such as restored/2026-11-20/",
            )
            for prefix in ("back", "/back/", "a/../b/", "//")
        ),
        (
            f"what: container prod/papers, at: yesterday, {WHY}",
            "at: got yesterday, expected an instant such as 2026-11-20T10:00 (UTC)",
        ),
        (
            f"what: container prod/papers, into: papers, {WHY}",
            "into: got papers, expected two names with a slash between them, such as prod/bulletins",
        ),
        (
            f"what: volume prod/data, {WHY}, {BY.replace('it@forestry', 'me@else')}",
            "approved_by[0]: got me@else.gov.example, expected an owner of the department: it@forestry.gov.example",
        ),
        (
            f"what: volume prod/data, {WHY}, {BY.replace('2026-11-25', '2026-11-26')}",
            "not_before: got 2026-11-25, expected 2026-11-26, the day of its approval, or later",
        ),
        (
            f"what: volume prod/data, {WHY.replace('2026-12-05', '2026-11-24')}, into: prod/data-back",
            "expires: got 2026-11-24, expected 2026-11-25 or later, or it could never be done",
        ),
    ],
)
def test_a_mistake_is_one_sentence_with_its_line(directory: Path, entry: str, sentence: str) -> None:
    file = write(directory, entry)
    with pytest.raises(UserError) as told:
        load_departments(directory)
    assert [str(problem) for problem in told.value.problems] == [f"{file}:21: restores[0].{sentence}"]


def test_data_is_replaced_only_with_an_approval(directory: Path) -> None:
    file = write(directory, f"what: container prod/papers, overwrite: true, {WHY}")
    with pytest.raises(UserError) as told:
        load_departments(directory)
    expected = (
        "got nothing, expected who of the owners approved, and when, that data of container prod/papers is replaced"
        "\n  HINT: Or leave overwrite out, and name a new one."
    )
    assert [str(problem) for problem in told.value.problems] == [
        f"{file}:21: restores[0].{key}: {expected}" for key in ("approved_by", "approved_on")
    ]


def test_the_dump_of_a_database_needs_a_container(directory: Path, problems: Problems) -> None:
    entry = f"restores: [{{what: database prod/registry, {WHY}INTO}}]\n"
    (told,) = problems(forestry=DATABASE + entry.replace("INTO", ""))
    assert str(told) == (
        f"{directory}/forestry.yaml:16: restores[0].into: got nothing, expected a container for the dump of database "
        "prod/registry\n  HINT: Its dump becomes objects there; declare one in the same request, or name one with a prefix."
    )
    assert problems(forestry=DATABASE + entry.replace("INTO", ", into: prod/papers, prefix: registry/")) == ()


def test_the_same_is_asked_once_more_with_another_first_day(directory: Path) -> None:
    entry = f"what: container prod/papers, {WHY}"
    file = write(directory, entry, entry.replace("Deleted", "Lost").replace("2026-12-05", "2026-12-06"))
    with pytest.raises(UserError) as told:
        load_departments(directory)
    assert [str(problem) for problem in told.value.problems] == [
        f"{file}:22: restores[1].what: got container prod/papers twice alike, expected one request for it"
    ]
    write(directory, entry, entry.replace("2026-11-25", "2026-11-26"))
    load_departments(directory)


def test_what_has_ended_or_has_not_been_is_told_of_a_new_request(directory: Path) -> None:
    entry = f"what: container prod/papers, at: 2026-11-20T10:00, {WHY}, {BY}"
    file = write(directory, entry)
    files = [file, directory / "health.yaml"]
    load_departments(directory)
    with pytest.raises(UserError) as told:
        load_files(files, directory, today=date(2026, 12, 6), only=["forestry"])
    assert [str(problem) for problem in told.value.problems] == [
        f"{file}:21: restores[0].expires: got 2026-12-05, which is past: "
        "the request to restore container prod/papers does nothing any more"
        "\n  HINT: Take the entry away, or ask once more with new days."
    ]
    with pytest.raises(UserError) as told:
        load_files(files, directory, today=date(2026, 11, 19), only=["forestry"])
    assert [str(problem) for problem in told.value.problems] == [
        f"{file}:21: restores[0].approved_on: got 2026-11-25, expected a day that has come",
        f"{file}:21: restores[0].at: got 2026-11-20T10:00Z, expected an instant that has been",
    ]
    load_files(files, directory, today=date(2026, 11, 25), only=["forestry"])


def write(directory: Path, *entries: str) -> Path:
    file = directory / "forestry.yaml"
    head = "name: forestry\nlocal_name: Forestry\nowners: [it@forestry.gov.example]\ncost_centre: F-1\n"
    (directory / "health.yaml").write_text(OTHER)
    file.write_text(head + BODY + "restores:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries))
    return file
