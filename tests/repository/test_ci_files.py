"""What a forge's CI is told: each file is valid by the schema that its maker publishes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tenants.installation import repository

CHECK = Path(sys.executable).parent / "check-jsonschema"
GITHUB = sorted((repository() / ".github" / "workflows").glob("*.yml"))
GITLAB = repository() / "infra" / "review" / "gitlab-ci.yml"


def check(schema: str, *files: Path) -> subprocess.CompletedProcess[str]:
    argv = [CHECK, "--builtin-schema", f"vendor.{schema}", *files]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_there_are_workflows_to_check() -> None:
    assert [file.name for file in GITHUB] == ["review.yml", "test.yml"]


@pytest.mark.parametrize(("schema", "files"), [("github-workflows", GITHUB), ("gitlab-ci", [GITLAB])])
def test_what_ci_is_told_is_valid_by_its_makers_schema(schema: str, files: list[Path]) -> None:
    done = check(schema, *files)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "file", "right", "wrong"),
    [
        ("github-workflows", GITHUB[0], "timeout-minutes: 60", "timeout-minutes: [60]"),
        ("gitlab-ci", GITLAB, "rules:", "rule:"),
    ],
)
def test_a_word_that_the_forge_does_not_know_is_found(
    schema: str, file: Path, right: str, wrong: str, tmp_path: Path
) -> None:
    text = file.read_text()
    assert right in text
    (tmp_path / file.name).write_text(text.replace(right, wrong))
    assert check(schema, tmp_path / file.name).returncode != 0
