"""Builds guest images once: an image whose recipe did not change is taken from the cache without touching the network."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.image import debian, tiny
from infra.image.files import MANIFEST, ImageFiles, Manifest, load_image
from infra.image.packages import Tell, require_tools
from tenants.installation import cache_directory
from tenants.problem import Problem, UserError

FOLDER = "guest-images"


@dataclass(frozen=True)
class Recipe:
    """How one image is made; ``sources`` are the files whose content decides whether it must be made again."""

    build: Callable[[Path, Path, Tell], dict[str, str]]
    sources: tuple[Path, ...]
    properties: Mapping[str, str]
    minimum_ram_mib: int
    minimum_disk_gib: int


RECIPES: Mapping[str, Recipe] = {
    "tiny": Recipe(tiny.build_tiny, tiny.RECIPE, tiny.PROPERTIES, tiny.MINIMUM_RAM_MIB, tiny.MINIMUM_DISK_GIB),
    "debian-12": Recipe(
        debian.build_debian, debian.RECIPE, debian.PROPERTIES, debian.MINIMUM_RAM_MIB, debian.MINIMUM_DISK_GIB
    ),
}


def silent(_message: str) -> None:
    """Say nothing: the default talker."""


def ensure_image(name: str, cache: Path | None = None, *, update: bool = False, tell: Tell = silent) -> ImageFiles:
    """Give the image, building it where the cache has none of the same recipe.

    ``update`` builds anew with the package versions of today; where they are the same, the old files are kept.
    Raises :class:`UserError` for an unknown name, a missing tool, or packages that cannot be had.
    """
    recipe = RECIPES.get(name)
    if recipe is None:
        raise UserError(Problem(f"no guest image is called {name!r}, expected one of {', '.join(RECIPES)}"))
    folder = (cache or cache_directory()) / FOLDER
    digest = recipe_digest(recipe.sources)
    if not update and (found := _newest(name, digest, folder)):
        return found
    require_tools()
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / f".{name}.lock", name, tell):
        # another run may have built it while this one waited
        if not update and (found := _newest(name, digest, folder)):
            return found
        return _build(name, recipe, digest, folder, tell)


def list_images(cache: Path | None = None) -> tuple[ImageFiles, ...]:
    """Give every image in the cache, by name, newest first."""
    folder = (cache or cache_directory()) / FOLDER
    found: list[ImageFiles] = []
    for directory in folder.glob("*-*"):
        with contextlib.suppress(OSError, ValueError, TypeError):
            found.append(load_image(directory)[0])
    newest_first = sorted(found, key=lambda i: i.built_at, reverse=True)
    return tuple(sorted(newest_first, key=lambda i: i.name))


def recipe_digest(sources: Iterable[Path]) -> str:
    """Give the SHA-256 over the names, modes and contents of files and of all files in folders."""
    total = hashlib.sha256()
    for source in sources:
        files = sorted(p for p in source.rglob("*") if p.is_file()) if source.is_dir() else [source]
        for file in files:
            executable = "x" if file.stat().st_mode & 0o100 else "-"
            total.update(f"{file.relative_to(source.parent)} {executable} {file.stat().st_size}\n".encode())
            total.update(file.read_bytes())
    return total.hexdigest()


def image_digest(recipe: str, packages: Mapping[str, str]) -> str:
    """Give the short hash of all inputs, used in the folder's name."""
    lines = [recipe, *(f"{name} {version}" for name, version in sorted(packages.items()))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def _newest(name: str, recipe: str, folder: Path) -> ImageFiles | None:
    found: list[ImageFiles] = []
    for directory in folder.glob(f"{name}-*"):
        with contextlib.suppress(OSError, ValueError, TypeError):
            image, manifest = load_image(directory)
            if manifest.recipe == recipe:
                found.append(image)
    return max(found, key=lambda i: i.built_at, default=None)


def _build(name: str, recipe: Recipe, digest: str, folder: Path, tell: Tell) -> ImageFiles:
    for left in folder.glob(f".{name}.partial-*"):  # of a run that was killed
        shutil.rmtree(left)
    log = folder / f"{name}.log"
    log.write_text("")
    tell(f"building guest image {name}, log {log}")
    work = Path(tempfile.mkdtemp(prefix=f".{name}.partial-", dir=folder))
    try:
        work.chmod(0o755)
        packages = recipe.build(work, log, tell)
        manifest = Manifest(
            name=name,
            recipe=digest,
            packages=packages,
            properties=recipe.properties,
            minimum_ram_mib=recipe.minimum_ram_mib,
            minimum_disk_gib=recipe.minimum_disk_gib,
            built_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        (work / MANIFEST).write_text(manifest.to_json())
        final = folder / f"{name}-{image_digest(digest, packages)}"
        if not final.exists():
            work.rename(final)
        return load_image(final)[0]
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def _locked(path: Path, name: str, tell: Tell) -> Iterator[None]:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell(f"another run builds {name}: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
