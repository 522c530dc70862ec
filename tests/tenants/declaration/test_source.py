"""Only the plain part of YAML is read, and each thing else is one sentence with its line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tenants.declaration.source import MAX_BYTES, load_source, parse_source
from tenants.problem import Problem, UserError

FILE = Path("health.yaml")


def refused(text: str) -> tuple[Problem, ...]:
    with pytest.raises(UserError) as caught:
        parse_source(text, FILE)
    return caught.value.problems


def test_every_value_has_the_line_of_its_key() -> None:
    source = parse_source("name: health\nprojects:\n  - name: prod\n    quota:\n      cores: 4\n", FILE)
    assert source.value == {"name": "health", "projects": [{"name": "prod", "quota": {"cores": 4}}]}
    assert source.line(("projects", 0, "quota", "cores")) == 5
    assert source.line(("projects", 0)) == 3


def test_a_place_that_is_not_there_has_the_line_of_what_would_hold_it() -> None:
    source = parse_source("name: health\nprojects:\n  - name: prod\n", FILE)
    assert source.line(("projects", 0, "quota", "cores")) == 3


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("10:30", "10:30"),
        ("010", 10),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("2024-01-01", "2024-01-01"),
        ("-4", -4),
        ("1.5", 1.5),
        ("'7'", "7"),
        ("~", None),
        ("", None),
        ("none", "none"),
        ("=", "="),
    ],
)
def test_scalars_are_read_as_people_mean_them(text: str, value: object) -> None:
    found = parse_source(f"key: {text}\n", FILE).value["key"]
    assert (type(found), found) == (type(value), value)


def test_a_repeated_key_names_the_first_line() -> None:
    (problem,) = refused("name: a\nowners: []\nname: b\n")
    assert str(problem) == "health.yaml:3: name: got it twice in one mapping, expected it once (first on line 1)"


def test_aliases_are_refused_where_they_stand() -> None:
    anchor, alias = refused("a: &x [1]\nb: *x\n")
    assert (anchor.line, alias.line) == (1, 2)
    assert "got the anchor &x" in anchor.what
    assert "got the alias *x" in alias.what


def test_an_alias_bomb_costs_nothing() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    assert len(refused("\n".join(lines))) < 500


def test_deep_nesting_is_refused() -> None:
    (problem,) = refused("a: " + "[" * 20_000)
    assert "nested deeper than 20" in problem.what


def test_tags_are_refused() -> None:
    (problem,) = refused("name: a\nrun: !!python/object/apply:os.system [id]\n")
    assert problem.line == 2
    assert "got the tag tag:yaml.org,2002:python/object/apply:os.system" in problem.what


def test_a_tab_is_named() -> None:
    (problem,) = refused("name: a\nprojects:\n\t- name: prod\n")
    assert str(problem).startswith("health.yaml:3: got a tab at the start of the line, expected spaces")


def test_a_tab_inside_a_script_is_fine() -> None:
    assert parse_source("run: |\n  if true\n  \tthen x\n", FILE).value["run"] == "if true\n\tthen x\n"


@pytest.mark.parametrize("text", ["", "\n\n  \n"])
def test_an_empty_file_is_named(text: str) -> None:
    (problem,) = refused(text)
    assert problem.what == "the file is empty, expected a mapping such as name: health"


@pytest.mark.parametrize(("text", "got"), [("- a\n", "a list"), ("health\n", "health"), ("# only\n", "nothing")])
def test_what_is_no_mapping_is_named(text: str, got: str) -> None:
    (problem,) = refused(text)
    assert problem.what == f"got {got}, expected a mapping such as name: health"


def test_a_second_document_is_refused() -> None:
    (problem,) = refused("name: a\n---\nname: b\n")
    assert problem.line == 2
    assert "second document" in problem.what


def test_a_syntax_error_has_its_line() -> None:
    (problem,) = refused("name: a\nowners: [x\nlocal_name: b\n")
    assert problem.line in (2, 3)
    assert problem.what.startswith("this is not YAML: ")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("local_name: b\x07c\n", "U+0007"),
        ('local_name: "b\\e[2J"\n', "U+001B"),  # clears the screen of whoever reads a message with it
        ('"b\\x9b": c\n', "U+009B"),
        ("local_name: b \u202ec\n", "U+202E"),  # the rest of the line is shown backwards
        ("# \u2066c\n", "U+2066"),
        ('local_name: "b\\u202dc"\n', "U+202D"),
    ],
)
def test_a_character_that_hides_what_is_written_has_its_line(text: str, code: str) -> None:
    (problem,) = refused("name: a\n" + text)
    assert problem.line == 2
    assert problem.what == f"got the control character {code}, expected text that is read as it is written"


def test_no_message_holds_a_hidden_character() -> None:
    problems = refused('name: a\n"x\\e": !t%1B &a "\\e[31m"\n"x\\e": 1\n')
    assert not [problem for problem in problems if "\x1b" in str(problem)]


def test_a_key_must_be_a_word() -> None:
    (problem,) = refused("name: a\n? [x, y]\n: b\n")
    assert problem.what == "got a list, mapping or alias as a key, expected a word"


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_bytes(b"# " + b"x" * MAX_BYTES)
    with pytest.raises(UserError, match="got more than 1 MiB"):
        load_source(file)


def test_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "gbk.yaml"
    file.write_bytes("name: health\nlocal_name: 卫生\n".encode("gbk"))
    with pytest.raises(UserError, match=r"gbk\.yaml:2: got byte 0x.., expected UTF-8 text"):
        load_source(file)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    file = tmp_path / "bom.yaml"
    file.write_bytes(b"\xef\xbb\xbfname: health\r\n")
    assert load_source(file).value == {"name": "health"}


def test_a_link_is_not_followed_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("password: hidden\n")
    (tmp_path / "health.yaml").symlink_to(tmp_path / "secret")
    with pytest.raises(UserError) as caught:
        load_source(tmp_path / "health.yaml")
    (problem,) = caught.value.problems
    assert problem.what == "got a link to another file, expected a file of its own"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "health.yaml")
    with pytest.raises(UserError, match="got a pipe or device, expected a file"):
        load_source(tmp_path / "health.yaml")


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for file in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(UserError, match="cannot be read: "):
            load_source(file)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name：health\nlocal_name: x\n", ":1: got the full-width ：, expected : and a space"),
        ("a: b\nc: [{name: front，cidr: x}]\n", ":2: got the full-width ，, expected , and a space"),
        ('a: ["b\nc: d\ne: f\n', ":1: got a quotation mark that nothing closes"),
    ],
)
def test_what_an_input_method_wrote_is_named_with_its_line(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as told:
        parse_source(text, tmp_path / "health.yaml")
    assert sentence in str(told.value)


def test_full_width_marks_are_text_where_text_stands(tmp_path: Path) -> None:
    source = parse_source("purpose: 公告：年度，全部\n", tmp_path / "health.yaml")
    assert source.value == {"purpose": "公告：年度，全部"}


def test_a_first_line_of_an_input_method_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        parse_source("name：forestry\n", tmp_path / "forestry.yaml")
    (problem,) = error.value.problems
    assert "half width" in problem.hint
