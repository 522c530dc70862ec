"""The jobs that forges run: the protected branch's own, and of a request they are given its number alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tenants.installation import repository

WORKFLOWS = sorted((repository() / ".github/workflows").glob("*.yml"))
REVIEW = repository() / ".github/workflows/review.yml"
HARMLESS = {
    "github.event.pull_request.number",
    "github.event.pull_request.merged && '--merged' || ''",
    "secrets.ONEROOF_FORGE_TOKEN",
}


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_the_review_is_the_protected_branch_s_and_takes_nothing_that_a_request_writes() -> None:
    text = REVIEW.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert set(workflow[True]) == {"pull_request_target", "schedule"}  # YAML 1.1 takes the key "on" for true
    assert set(re.findall(r"\$\{\{\s*(.*?)\s*\}\}", text)) == HARMLESS
    assert not [step for step in steps(workflow) if "uses" in step], "nothing is checked out"
    assert not [step for step in steps(workflow) if "${{" in step["run"]], "expressions reach the shell as variables"
    assert workflow["permissions"] == {}


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_no_workflow_puts_an_expression_into_a_shell(file: Any) -> None:
    workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert not [step for step in steps(workflow) if "${{" in step.get("run", "")]


def test_where_a_request_s_own_workflow_runs_there_is_no_secret() -> None:
    for file in WORKFLOWS:
        text = file.read_text(encoding="utf-8")
        if "pull_request" in yaml.safe_load(text)[True]:
            assert "secrets." not in text, file.name


def test_gitlab_s_job_runs_on_the_protected_branch_alone() -> None:
    job = yaml.safe_load((repository() / "infra/review/gitlab-ci.yml").read_text(encoding="utf-8"))["review"]
    (rule,) = job["rules"]
    assert '$CI_COMMIT_REF_PROTECTED == "true"' in rule["if"]
    assert "merge_request" not in rule["if"]
    assert job["variables"]["GIT_STRATEGY"] == "none"
    assert not [line for line in job["script"] if "$" in line]
