"""``oneroof tenants``: what is printed where, and what a starter still needs."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from tenants.declaration.cli import tenants
from tenants.problem import UserError


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(tenants, [str(argument) for argument in arguments])


def start(directory: Path, slug: str) -> Result:
    """Write a new department and put a cost centre in place of the placeholder, as its people do."""
    made = run("new", slug, "--directory", directory)
    file = directory / f"{slug}.yaml"
    file.write_text(file.read_text().replace("CHANGE-ME", "F-1"))
    return made


def test_a_placeholder_that_was_left_is_refused(directory: Path) -> None:
    run("new", "forestry", "--directory", directory)
    said = str(run("check", "--directory", directory).exception)
    assert said.endswith("forestry.yaml:5: cost_centre: got CHANGE-ME, expected your own words in place of the placeholder")


def test_a_new_department_is_a_few_lines_and_needs_a_cost_centre_alone(directory: Path) -> None:
    for slug, cidr in (("forestry", "10.20.0.0/24"), ("water-affairs", "10.20.1.0/24")):
        made = start(directory, slug)
        assert made.exit_code == 0, made.output
        assert made.stdout == f"{directory / slug}.yaml\n"
        text = (directory / f"{slug}.yaml").read_text()
        assert cidr in text
        assert len([line for line in text.splitlines() if not line.startswith("#")]) <= 10
    checked = run("check", "--directory", directory)
    assert checked.exit_code == 0, checked.output
    assert "forestry" in checked.stdout
    assert "water-affairs" in checked.stdout


def test_a_department_that_is_there_is_never_overwritten(directory: Path) -> None:
    run("new", "forestry", "--directory", directory)
    before = (directory / "forestry.yaml").read_bytes()
    # also where its placeholder was left, which is a mistake of another kind
    said = str(run("new", "forestry", "--directory", directory).exception)
    assert said.startswith(f"{directory / 'forestry.yaml'}: is there already")
    assert (directory / "forestry.yaml").read_bytes() == before


def test_a_name_that_is_none_writes_nothing(directory: Path) -> None:
    said = str(run("new", "林业", "--directory", directory).exception)
    assert said.startswith("SLUG: got 林业, expected lower-case letters")
    assert "the name in your language is local_name" in said
    for slug in ("Forestry", "../forestry", "a" * 40, "default"):
        assert isinstance(run("new", slug, "--directory", directory).exception, UserError)
    assert [file.name for file in directory.iterdir()] == ["catalogue.yaml"]


def test_one_file_is_checked_beside_the_others(directory: Path, tmp_path_factory) -> None:
    start(directory, "forestry")
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "water.yaml"
    elsewhere.write_text((directory / "forestry.yaml").read_text().replace("forestry", "water"))
    failed = run("check", elsewhere, "--directory", directory)
    assert isinstance(failed.exception, UserError)
    assert "overlaps 10.20.0.0/24 of" in str(failed.exception)
    elsewhere.write_text(elsewhere.read_text().replace("10.20.0.0/24", "10.20.9.0/24"))
    checked = run("check", elsewhere, "--directory", directory)
    assert checked.exit_code == 0
    assert "forestry" not in checked.stdout


def test_show_says_what_was_left_out(directory: Path) -> None:
    start(directory, "forestry")
    table = run("show", "forestry", "--directory", directory).stdout
    assert "recovery bronze" in table
    assert "tcp 443 from anywhere" in table
    value = json.loads(run("show", "forestry", "--json", "--directory", directory).stdout)
    assert value["projects"][0]["servers"][0]["network"] == "front"


def test_free_ranges_are_what_nobody_has(directory: Path) -> None:
    start(directory, "forestry")  # has the first /24
    every = run("free-ranges", "--directory", directory).stdout.split()
    assert every[:2] == ["10.20.1.0/24", "10.20.2.0/23"]
    wide = run("free-ranges", "--prefix", "23", "--directory", directory).stdout.split()
    assert wide == every[1:]


def test_show_of_nobody_proposes_somebody(directory: Path) -> None:
    start(directory, "forestry")
    assert "Did you mean forestry?" in str(run("show", "forestri", "--directory", directory).exception)


def test_the_schema_is_json_and_nothing_else_is_on_stdout() -> None:
    assert json.loads(run("schema").stdout)["title"] == "Department"
