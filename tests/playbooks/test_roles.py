"""What every role keeps to: its files, its contract, its secrets, and nothing that hides a change or a failure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
ROLES = sorted(path for path in (PLAYBOOKS / "roles").iterdir() if path.is_dir() and not path.name.startswith("."))
STEPS = ("install", "configure", "run")
OWN_MODULES = {path.stem for path in (PLAYBOOKS / "library").glob("*.py")}
KEYWORDS = {
    *("name", "when", "loop", "loop_control", "register", "notify", "tags", "vars", "args", "environment", "check_mode"),
    *("changed_when", "failed_when", "no_log", "diff", "delegate_to", "run_once", "until", "retries", "delay", "throttle"),
    *("become", "become_user", "listen", "block", "rescue", "always", "async", "poll"),
}


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def tasks_of(role: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted([*role.glob("tasks/*.yml"), *role.glob("handlers/*.yml")]):
        yield from ((path, task) for task in load(path) or [])


def text_of(role: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(role.rglob("*")):
        if path.is_file() and path.suffix in {".yml", ".j2", ".sh", ".py"} and ".mypy_cache" not in path.parts:
            yield path, path.read_text()


@pytest.fixture(params=ROLES, ids=lambda role: role.name)
def role(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_it_has_the_files_of_a_role(role: Path) -> None:
    for part in ("meta/argument_specs.yml", "meta/main.yml", "defaults/main.yml", "tasks/main.yml"):
        assert (role / part).is_file(), f"{role.name} lacks {part}"


def test_its_steps_are_files_and_tags_of_the_same_name(role: Path) -> None:
    for task in load(role / "tasks/main.yml"):
        step = Path(task["ansible.builtin.import_tasks"]).stem
        assert (role / f"tasks/{step}.yml").is_file()
        if step in STEPS:
            assert task["tags"] == [step]


def test_its_contract_has_the_defaults(role: Path) -> None:
    options = load(role / "meta/argument_specs.yml")["argument_specs"]["main"].get("options") or {}
    assert {name: option["default"] for name, option in options.items() if "default" in option} == (
        load(role / "defaults/main.yml") or {}
    )
    for name, option in options.items():
        assert option.get("description"), f"{name} says not what it is for"
        assert option.get("type"), f"{name} says not what it is"


def test_its_variables_carry_its_name(role: Path) -> None:
    public = load(role / "defaults/main.yml") or {}
    assert not {name for name in public if not name.startswith(f"{role.name}_")}
    private = load(role / "vars/main.yml") if (role / "vars/main.yml").exists() else {}
    registered = {task["register"] for _, task in tasks_of(role) if "register" in task}
    local = {name for _, task in tasks_of(role) for name in task.get("vars", {}) if not name.startswith("ansible_")}
    assert not {name for name in {*private, *registered, *local} if not name.removeprefix("__").startswith(f"{role.name}_")}


def test_each_public_variable_is_used(role: Path) -> None:
    uses = " ".join(text for path, text in text_of(role) if path.parent.name not in {"meta", "defaults"})
    defaults = load(role / "defaults/main.yml") or {}
    among = " ".join(str(value) for value in defaults.values())
    assert not {name for name in defaults if not re.search(rf"\b{name}\b", uses + among)}


def test_only_ansibles_own_modules_and_ours(role: Path) -> None:
    for path, task in tasks_of(role):
        modules = set(task) - KEYWORDS
        assert len(modules) == 1, f"{path}: {task['name']}: got {modules}, expected one module"
        module = modules.pop()
        assert module.startswith("ansible.builtin.") or module in OWN_MODULES, f"{path}: {module}"


def test_nothing_hides_a_failure_or_a_change(role: Path) -> None:
    for path, text in text_of(role):
        for number, line in enumerate(text.splitlines(), 1):
            assert "ignore_errors" not in line, f"{path}:{number}"
            assert not re.match(r"\s*failed_when:\s*false", line), f"{path}:{number}"
            if re.match(r"\s*changed_when:\s*false", line):
                assert "#" in line, f"{path}:{number}: changed_when: false needs its reason beside it"


def test_every_command_tells_truly_whether_it_changed(role: Path) -> None:
    for path, task in tasks_of(role):
        for module in ("ansible.builtin.command", "ansible.builtin.shell", "ansible.builtin.script"):
            if module in task:
                arguments = {**task[module], **task.get("args", {})}
                assert {"creates", "removes"} & set(arguments) or "changed_when" in task, f"{path}: {task['name']}"


def test_every_secret_is_declared(role: Path) -> None:
    declared = {secret["name"] for secret in load(PLAYBOOKS / "secrets.yaml")}
    for path, text in text_of(role):
        used = {name for name in re.findall(r"\bsecret_[a-z0-9_]+\b", text) if name not in {"secret_content", "secret_key"}}
        exact = {name for name in used if not name.endswith("_")}  # secret_<service>_db is put together from its parts
        assert exact <= declared, f"{path}: {sorted(exact - declared)} missing in playbooks/secrets.yaml"


def test_no_secret_is_an_argument(role: Path) -> None:
    for path, task in tasks_of(role):
        for module in ("ansible.builtin.command", "ansible.builtin.shell"):
            arguments = task.get(module) or {}
            seen = f"{arguments.get('cmd', '')} {arguments.get('argv', '')}"
            assert "secret_" not in seen, f"{path}: {task['name']}: the process list shows it; give it by stdin or file"


def test_secrets_in_templates_stay_out_of_logs(role: Path) -> None:
    # an identity (uuid) is generated like a secret, and is none
    secrets = [secret["name"] for secret in load(PLAYBOOKS / "secrets.yaml") if secret["kind"] != "uuid"]
    templates = {path: text for path, text in text_of(role) if path.suffix == ".j2"}
    holding = {
        str(path.relative_to(role / "templates"))
        for path, text in templates.items()
        if any(name in text for name in secrets)
    }
    for path, task in tasks_of(role):
        if task.get("no_log"):
            continue
        for wish in (task.get("config_files") or {}).get("files", []):
            plain = str(wish.get("content", "")) if isinstance(wish, dict) else ""
            assert not any(name in plain for name in secrets), f"{path}: {task['name']}"
            assert not [name for name in holding if f"'{name}'" in plain], f"{path}: {task['name']}: use secret_content"


def test_templates_mirror_the_path_they_land_on(role: Path) -> None:
    for path in sorted((role / "templates").rglob("*.j2")) if (role / "templates").exists() else []:
        inside = path.relative_to(role / "templates")
        if len(inside.parts) > 1:  # "operator" is the operator's side: there the installation's home decides the place
            assert inside.parts[0] in {"etc", "usr", "var", "operator"}, str(path)


def test_the_site_names_every_part_of_every_role_once_and_no_other() -> None:
    named: list[tuple[str, str]] = []
    for play in load(PLAYBOOKS / "site.yml"):
        named += [(entry["role"], "main") for entry in play.get("roles", [])]
        parts = [
            task["ansible.builtin.import_role"] for task in play.get("tasks", []) if "ansible.builtin.import_role" in task
        ]
        named += [(part["name"], part["tasks_from"]) for part in parts]
    assert len(named) == len(set(named))
    assert {name for name, _ in named} == {role.name for role in ROLES}
    for name in {name for name, part in named if part != "main"}:
        steps = {
            Path(step["ansible.builtin.import_tasks"]).stem for step in load(PLAYBOOKS / "roles" / name / "tasks/main.yml")
        }
        assert {part for role, part in named if role == name} == steps, f"a step of {name} is in no play"


def test_declared_secrets_are_sorted_and_used() -> None:
    names = [secret["name"] for secret in load(PLAYBOOKS / "secrets.yaml")]
    assert names == sorted(names)
    repository = PLAYBOOKS.parent
    code = [*PLAYBOOKS.rglob("*.yml"), *PLAYBOOKS.rglob("*.j2"), *repository.glob("[bimt]*/**/*.py")]
    text = " ".join(path.read_text() for path in code if ".venv" not in path.parts)
    for name in names:
        service = re.fullmatch(r"secret_([a-z]+)_(db|service)", name)
        assert name in text or (service and f"_{service[2]}" in text), f"{name} is declared and nothing uses it"


def test_haproxy_is_given_no_regular_expressions() -> None:
    """Its unit denies memory that is written and run, so PCRE's compiler fails there and takes the configuration along."""
    files = [file for role in ROLES for file in role.rglob("etc/haproxy/**/*.j2")]
    assert files
    matching = re.compile(r"-m reg\b|\b\w+_reg\(|\breg(?:sub|im)?\(|\breplace-(?:header|value|path|uri|pathq)\b")
    assert [f"{file.relative_to(PLAYBOOKS)}: {m[0]}" for file in files for m in matching.finditer(file.read_text())] == []
