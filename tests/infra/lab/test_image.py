from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.lab.image import Layer, debian_layer, image_of, images_directory, installed_layer, link, prune


@pytest.fixture
def playbooks(tmp_path: Path) -> Path:
    role = tmp_path / "playbooks/roles/haproxy"
    for name, text in {
        "tasks/install.yml": "- apt: {name: '{{ haproxy_packages }}'}\n- copy: {src: start.sh}\n",
        "tasks/run.yml": "- service: {name: haproxy}\n",
        "defaults/main.yml": "haproxy_packages: ['{{ haproxy_package }}']\nhaproxy_package: haproxy\nhaproxy_threads: 2\n",
        "files/start.sh": "one\n",
        "files/other.sh": "one\n",
    }.items():
        (role / name).parent.mkdir(parents=True, exist_ok=True)
        (role / name).write_text(text)
    (tmp_path / "playbooks/constraints").mkdir()
    (tmp_path / "playbooks/constraints/openstack.txt").write_text("nova==34.0.0\n")
    return tmp_path / "playbooks"


@pytest.mark.parametrize(
    ("file", "text", "another"),
    [
        ("roles/haproxy/tasks/install.yml", "- apt: {name: other}\n", True),
        ("roles/haproxy/defaults/main.yml", "haproxy_packages: ['{{ haproxy_package }}']\nhaproxy_package: new\n", True),
        ("roles/haproxy/files/start.sh", "two\n", True),
        ("constraints/openstack.txt", "nova==35.0.0\n", True),
        ("roles/haproxy/tasks/run.yml", "- service: {name: other}\n", False),
        ("roles/haproxy/files/other.sh", "two\n", False),
        (
            "roles/haproxy/defaults/main.yml",
            "haproxy_packages: ['{{ haproxy_package }}']\nhaproxy_package: haproxy\nhaproxy_threads: 9\n",
            False,
        ),
    ],
)
def test_a_new_image_is_made_only_for_what_install_steps_use(playbooks: Path, file: str, text: str, another: bool) -> None:
    before = installed_layer(Path("/c"), playbooks)
    (playbooks / file).write_text(text)
    assert (installed_layer(Path("/c"), playbooks) != before) is another


def make_layer(cache: Path, name: str, below: str | None = None) -> Layer:
    layer = Layer(images_directory(cache) / name)
    layer.root.mkdir(parents=True)
    layer.notes.write_text(json.dumps({"below": below}))
    return layer


def test_layers_are_stacked_uppermost_first(tmp_path: Path) -> None:
    lower = make_layer(tmp_path, "debian-1")
    upper = make_layer(tmp_path, "installed-1", "debian-1")
    assert upper.stack() == (upper.root, lower.root)


def test_a_machine_keeps_its_image_and_all_below(tmp_path: Path) -> None:
    kept = [make_layer(tmp_path, "debian-1"), make_layer(tmp_path, "installed-1", "debian-1")]
    gone = make_layer(tmp_path, "installed-2", "debian-1")
    newest = make_layer(tmp_path, "installed-3", "debian-1")
    link(kept[1], tmp_path / "site-a")
    assert prune(tmp_path, keep=newest) == (gone.directory,)
    assert image_of(tmp_path / "site-a") == kept[1]
    assert all(layer.complete for layer in (*kept, newest))


def test_an_image_goes_when_its_last_machine_is_gone(tmp_path: Path) -> None:
    old = make_layer(tmp_path, "installed-1")
    link(old, tmp_path / "site-a")
    (tmp_path / "site-a/image").unlink()
    assert prune(tmp_path, keep=debian_layer(tmp_path)) == (old.directory,)


def test_an_image_goes_when_its_machine_was_made_anew_from_another(tmp_path: Path) -> None:
    old, new = make_layer(tmp_path, "installed-1"), make_layer(tmp_path, "installed-2")
    link(old, tmp_path / "site-a")
    link(new, tmp_path / "site-a")
    assert prune(tmp_path, keep=debian_layer(tmp_path)) == (old.directory,)


def test_what_is_still_being_made_is_left_alone(tmp_path: Path) -> None:
    building = images_directory(tmp_path) / ".building-installed-1"
    building.mkdir(parents=True)
    assert prune(tmp_path, keep=debian_layer(tmp_path)) == ()
    assert building.exists()
