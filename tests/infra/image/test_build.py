"""When an image is built again, and when the one in the cache will do."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.image.build import FOLDER, RECIPES, ensure_image, image_digest, list_images, recipe_digest
from infra.image.cli import NAMES
from infra.image.files import DISK, MANIFEST, Manifest, load_image
from tenants.problem import UserError


def keep(cache: Path, folder: str, *, recipe: str, built_at: str) -> Path:
    """Put an image into a cache, as a build leaves it."""
    directory = cache / FOLDER / folder
    directory.mkdir(parents=True)
    manifest = Manifest(
        name="tiny",
        recipe=recipe,
        packages={"busybox-static": "1:1.35.0-4"},
        properties={"hw_disk_bus": "virtio"},
        minimum_ram_mib=128,
        minimum_disk_gib=1,
        built_at=built_at,
    )
    (directory / MANIFEST).write_text(manifest.to_json())
    return directory


def test_the_command_knows_every_recipe() -> None:
    assert tuple(RECIPES) == NAMES


@pytest.mark.parametrize("name", RECIPES)
def test_every_source_of_a_recipe_is_there(name: str) -> None:
    assert all(source.exists() for source in RECIPES[name].sources)


def test_content_mode_and_name_of_a_recipe_count(tmp_path: Path) -> None:
    guest = tmp_path / "guest"
    guest.mkdir()
    (guest / "init").write_text("#!/bin/sh\n")
    seen = {recipe_digest([guest])}
    assert recipe_digest([guest]) in seen
    for change in (
        lambda: (guest / "init").write_text("#!/bin/sh -e\n"),
        lambda: (guest / "init").chmod(0o755),
        lambda: (guest / "init").rename(guest / "start"),
        lambda: (guest / "empty").touch(),
    ):
        change()
        assert recipe_digest([guest]) not in seen
        seen.add(recipe_digest([guest]))


def test_the_recipe_is_the_same_from_any_checkout(tmp_path: Path) -> None:
    for checkout in ("one", "another"):
        (tmp_path / checkout / "guest").mkdir(parents=True)
        (tmp_path / checkout / "guest/init").write_text("#!/bin/sh\n")
    assert recipe_digest([tmp_path / "one/guest"]) == recipe_digest([tmp_path / "another/guest"])


def test_versions_count_but_not_their_order() -> None:
    assert image_digest("r", {"a": "1", "b": "2"}) == image_digest("r", {"b": "2", "a": "1"})
    assert image_digest("r", {"a": "1"}) != image_digest("r", {"a": "2"})
    assert image_digest("r", {"a": "1"}) != image_digest("other", {"a": "1"})


def test_what_a_build_left_is_read_back(tmp_path: Path) -> None:
    files, manifest = load_image(keep(tmp_path, "tiny-aaaa", recipe="r", built_at="2026-01-01T00:00:00+00:00"))
    assert (files.name, files.digest, files.directory.name, files.disk.name) == ("tiny", "aaaa", "tiny-aaaa", DISK)
    assert (manifest.recipe, manifest.packages["busybox-static"]) == ("r", "1:1.35.0-4")
    (files.directory / MANIFEST).write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        load_image(files.directory)


def test_the_newest_of_the_same_recipe_is_taken(tmp_path: Path) -> None:
    own = recipe_digest(RECIPES["tiny"].sources)
    keep(tmp_path, "tiny-aaaa", recipe=own, built_at="2026-01-01T00:00:00+00:00")
    keep(tmp_path, "tiny-bbbb", recipe=own, built_at="2026-01-02T00:00:00+00:00")
    keep(tmp_path, "tiny-cccc", recipe="another", built_at="2026-01-03T00:00:00+00:00")
    (keep(tmp_path, "tiny-dddd", recipe=own, built_at="2026-01-04T00:00:00+00:00") / MANIFEST).write_text("{")
    assert ensure_image("tiny", tmp_path).digest == "bbbb"
    assert [image.digest for image in list_images(tmp_path)] == ["cccc", "bbbb", "aaaa"]


def test_an_unknown_name_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no guest image is called 'cirros', expected one of tiny, debian-12"):
        ensure_image("cirros", tmp_path)
    assert list_images(tmp_path) == ()
