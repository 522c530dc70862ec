"""A project is written into a declaration without a change to what was written by hand."""

from __future__ import annotations

import pytest
import yaml

from infra.adopt.text import insert_project, render_department, render_project
from tenants.problem import UserError

PROJECT = {
    "name": "web", "purpose": "", "quota": {"class": "small", "cores": 17}, "networks": [], "security_groups": [],
    "volumes": [{"name": "pages", "size_gib": 1}], "containers": [],
    "servers": [{"name": "web", "flavor": "tiny", "user_data": "#!/bin/sh\necho\n"}],
}  # fmt: skip
TOLD = {name: value for name, value in PROJECT.items() if value or name == "security_groups"}
BY_HAND = """\
# Parks: by hand
name: parks  # short
projects:
  - name: prod  # the first

# people
users: []
"""


def test_what_is_empty_is_left_out_but_for_what_has_a_default_of_its_own() -> None:
    assert yaml.safe_load(render_project(PROJECT)) == [TOLD]


def test_a_new_department_has_it_alone() -> None:
    assert yaml.safe_load(render_department("old-parks", PROJECT))["projects"] == [TOLD]


@pytest.mark.parametrize("text", [BY_HAND, BY_HAND.replace("  - name", "- name"), "name: parks\n", "name: parks"])
def test_it_is_added_and_the_rest_stays(text: str) -> None:
    after = insert_project(text, PROJECT)
    assert [line for line in text.splitlines() if line not in after.splitlines()] == []
    before = yaml.safe_load(text)
    assert yaml.safe_load(after) == {**before, "projects": [*before.get("projects", []), TOLD]}


def test_comments_before_the_next_key_stay_with_it() -> None:
    assert insert_project(BY_HAND, PROJECT).endswith("\n\n# people\nusers: []\n")


def test_added_twice_it_is_there_once() -> None:
    once = insert_project(BY_HAND, PROJECT)
    assert insert_project(once, PROJECT) == once


def test_another_of_that_name_is_refused() -> None:
    with pytest.raises(UserError, match="there is a project web already"):
        insert_project(insert_project(BY_HAND, PROJECT), {**PROJECT, "purpose": "another"})


def test_a_list_on_one_line_is_left_to_people() -> None:
    with pytest.raises(UserError, match="cannot be added to"):
        insert_project("name: parks\nprojects: [{name: prod}]\n", PROJECT)
