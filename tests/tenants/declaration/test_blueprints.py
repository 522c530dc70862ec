"""Blueprints: what a use becomes, what is wrong with one by its sentence, and that no value is ever run."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from tenants.declaration.fragment import fill, script
from tenants.declaration.load import load_catalogue, load_departments
from tenants.problem import UserError

HEAD = "name: forestry\nlocal_name: F\nowners: [it@forestry.gov.example]\ncost_centre: F-1\n"
PROD = "projects:\n  - name: prod\n    networks: [{name: front, cidr: 10.20.0.0/24}]\n    blueprints:\n"
BLUEPRINT = """\
purpose: Trees by the row
parameters:
  kind: {type: choice, of: [oak, elm], purpose: What grows}
  rows: {type: number, least: 1, most: 9, default: 2, purpose: How many}
  data_gib: {type: volume-size, default: 1, purpose: Space}
  motto: {type: text, default: "", max_length: 20, purpose: What is said}
  from: {type: address-range, default: 10.20.0.0/14, purpose: Who may look}
  fenced: {type: switch, default: true, purpose: Whether there is a fence}
project:
  security_groups:
    - {name: {named: ""}, rules: [{protocol: tcp, ports: 80, from: {parameter: from}}]}
  volumes:
    - {name: {named: data}, size_gib: {parameter: data_gib}}
  servers:
    - name: {named: ""}
      flavor: tiny
      image: tiny
      security_groups: [{named: ""}]
      volumes: [{named: data}]
      user_data: {shell: "#!/bin/sh\\necho $kind\\n"}
"""


@pytest.fixture
def forest(directory: Path) -> Path:
    (directory / "blueprints").mkdir()
    (directory / "blueprints" / "forest.yaml").write_text(BLUEPRINT)
    return directory


def test_a_use_is_added_to_what_the_project_writes_itself(forest: Path) -> None:
    use = "      - {use: forest, name: park, with: {kind: oak, data_gib: 3}}\n"
    own = "    volumes: [{name: own, size_gib: 1}]\n    servers: [{name: own, flavor: tiny, image: tiny, volumes: [own]}]\n"
    (forest / "forestry.yaml").write_text(HEAD + PROD + use + own)
    (project,) = load_departments(forest)[0].projects
    assert [(volume.name, volume.size_gib, volume.recovery) for volume in project.volumes] == [
        ("own", 1, "bronze"),
        ("park-data", 3, "bronze"),
    ]
    assert [(s.name, s.network, s.security_groups, s.volumes) for s in project.servers] == [
        ("own", "front", ("web",), ("own",)),
        ("park", "front", ("park",), ("park-data",)),
    ]
    assert "kind=oak\n" in project.servers[1].user_data


@pytest.mark.parametrize(
    ("use", "sentence"),
    [
        (
            "{use: forrest, name: park}",
            "use: got forrest, expected a blueprint of the catalogue: forest\n  HINT: Did you mean forest?",
        ),
        ("{use: forest, name: park}", "with.kind: got nothing, expected a value\n  HINT: What grows"),
        ("{use: forest, name: park, with: {kind: ash}}", "with.kind: got ash, expected oak or elm\n  HINT: What grows"),
        (
            "{use: forest, name: park, with: {kind: oak, row: 1}}",
            "with.row: got an unknown parameter, expected one of kind, rows, data_gib, motto, from, fenced"
            "\n  HINT: Did you mean rows?",
        ),
        (
            "{use: forest, name: park, with: {kind: oak, rows: 10}}",
            "with.rows: got 10, expected a whole number between 1 and 9\n  HINT: How many",
        ),
        (
            "{use: forest, name: park, with: {kind: oak, rows: true}}",
            "with.rows: got true, expected a whole number between 1 and 9\n  HINT: How many",
        ),
        (
            "{use: forest, name: park, with: {kind: oak, data_gib: 0}}",
            "with.data_gib: got 0, expected a whole number between 1 and 16384\n  HINT: Space",
        ),
        (
            "{use: forest, name: park, with: {kind: oak, motto: 'far too long to be said'}}",
            "with.motto: got 23 characters, expected at most 20\n  HINT: What is said",
        ),
        (
            '{use: forest, name: park, with: {kind: oak, motto: "a\\nb"}}',
            "with.motto: got a b, expected text of one line\n  HINT: What is said",
        ),
        (
            "{use: forest, name: park, with: {kind: oak, from: 10.20.0.1/24}}",
            "with.from: got 10.20.0.1/24, expected an address range such as 10.20.4.0/24\n  HINT: Who may look",
        ),
        (
            "{use: forest, name: park, with: {kind: oak, fenced: yes}}",
            "with.fenced: got yes, expected true or false\n  HINT: Whether there is a fence",
        ),
        (
            "{use: forest, name: park, with: {kind: oak, motto: CHANGE-ME}}",
            "with.motto: got CHANGE-ME, expected your own words in place of the placeholder",
        ),
    ],
)
@pytest.mark.usefixtures("forest")
def test_a_wrong_use_is_one_sentence(problems, use: str, sentence: str) -> None:
    (problem,) = problems(forestry=PROD + f"      - {use}\n")
    assert str(problem).split("forestry.yaml:", 1)[1] == f"9: projects[0].blueprints[0].{sentence}"


@pytest.mark.usefixtures("forest")
def test_what_a_blueprint_made_is_named_where_it_breaks_a_rule(problems) -> None:
    (problem,) = problems(
        forestry=PROD
        + "      - {use: forest, name: park, with: {kind: oak}}\n    volumes: [{name: park-data, size_gib: 1}]\n"
    )
    assert (problem.line, problem.what) == (
        9,
        "projects[0].blueprints[0]: volume park-data, name: got park-data, expected a name that volumes[0] does not have",
    )


@pytest.mark.usefixtures("forest")
def test_a_name_too_long_for_what_is_made_is_told(problems) -> None:
    reference, problem = problems(forestry=PROD + f"      - {{use: forest, name: {'p' * 30}, with: {{kind: oak}}}}\n")
    assert (problem.line, problem.what) == (
        9,
        "projects[0].blueprints[0]: with these values volumes[0].name: got 35 characters, expected at most 32",
    )
    assert reference.what.startswith("projects[0].blueprints[0]: with these values servers[0].volumes[0]: got 35 characters")


@pytest.mark.usefixtures("forest")
def test_two_uses_have_two_names(problems) -> None:
    use = "      - {use: forest, name: park, with: {kind: oak}}\n"
    (problem,) = problems(forestry=PROD + use + use)
    assert (problem.line, problem.what) == (
        10,
        "projects[0].blueprints[1].name: got park, expected a name that blueprints[0] does not have",
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("{parameter: from}", "{parameter: form}"), "got parameter form in project, expected kind, rows"),
        (("volumes:\n    -", "disks:\n    -"), "got disks in project, expected some of networks, security_groups"),
        (
            ("of: [oak, elm], ", ""),
            "parameters.kind: got a choice without of, or of without a choice, expected both together",
        ),
        (("rows: {", "ROWS: {"), "got parameter ROWS, expected lower-case letters, digits and underscores, and not name"),
        (("default: 2", "default: 20"), "got a default that is wrong: got 20, expected a whole number between 1 and 9"),
    ],
)
def test_a_wrong_blueprint_is_told_with_its_file(forest: Path, change: tuple[str, str], sentence: str) -> None:
    (forest / "blueprints" / "forest.yaml").write_text(BLUEPRINT.replace(*change))
    with pytest.raises(UserError) as caught:
        load_catalogue(forest)
    assert "forest.yaml:" in str(caught.value.problems[0])
    assert sentence in str(caught.value.problems[0])


def test_a_blueprint_whose_file_would_not_be_read_is_told(forest: Path) -> None:
    (forest / "blueprints" / "garden.yml").write_text(BLUEPRINT)
    with pytest.raises(UserError, match=r"garden.yml: the file name ends in .yml, expected .yaml"):
        load_catalogue(forest)


HOSTILE = (
    "'; touch {0}; echo '",
    "$(touch {0})",
    "`touch {0}`",
    '"; touch {0}; "',
    "\\'; touch {0} #",
    "a\ntouch {0}\nPAGE\ntouch {0}",
    "${{IFS}}&&touch {0}||",
    "-n",
    "\u2019; touch {0}",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_value_in_a_script_is_a_word_and_never_a_command(hostile: str, tmp_path: Path) -> None:
    value = hostile.format(tmp_path / "made")
    text = script('#!/bin/sh\nprintf %s "$title"\n', {"title": value})
    done = subprocess.run(["/bin/sh", "-eu"], input=text, text=True, capture_output=True, check=True)
    assert done.stdout == value
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_value_in_a_cloud_config_is_text_and_never_a_key(hostile: str) -> None:
    value = f"{hostile}\nruncmd: [reboot]"
    text = fill({"cloud_config": {"hostname": {"parameter": "title"}, "packages": ["nginx"]}}, "park", {"title": value})
    assert text.startswith("#cloud-config\n")
    assert yaml.safe_load(text) == {"hostname": value, "packages": ["nginx"]}
