"""The declarations as they are in a git revision, read without checking anything out."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tenants.declaration.catalogue import Catalogue
from tenants.declaration.load import CATALOGUE_NAME, department_files, parse_catalogue
from tenants.problem import Problem, UserError


@dataclass(frozen=True)
class Revision:
    """What a folder of declarations was in a commit, beside what it is now."""

    ref: str
    """As told: a branch, a tag, a commit."""
    commit: str
    changed: frozenset[str]
    """Departments whose file is another now, or is new; comments and spaces count too."""
    gone: tuple[str, ...]
    """Departments whose file is there no more, sorted."""
    catalogue_changed: bool
    catalogue: Catalogue | None
    """The catalogue of the commit; nothing where there was none, or none that can be read today."""


def load_revision(directory: Path, ref: str) -> Revision:
    """Compare a folder with a revision; raises UserError where git knows no such revision, or no such folder."""
    commit = _git(directory, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", ref=ref).strip()
    there = _blobs(_git(directory, "ls-tree", "-z", commit, "./", ref=ref))
    files = department_files(directory)
    catalogue = directory / CATALOGUE_NAME
    here = _hashes(directory, [*files, catalogue], ref)
    changed = frozenset(file.stem for file in files if here[file.name] != there.get(file.name))
    gone = sorted({name for name in there if name.endswith(".yaml")} - {file.name for file in files} - {CATALOGUE_NAME})
    moved = here.get(CATALOGUE_NAME) != there.get(CATALOGUE_NAME)
    before = _catalogue(directory, commit, ref) if moved and CATALOGUE_NAME in there else None
    return Revision(ref, commit, changed, tuple(Path(name).stem for name in gone), moved, before)


def _catalogue(directory: Path, commit: str, ref: str) -> Catalogue | None:
    text = _git(directory, "show", f"{commit}:./{CATALOGUE_NAME}", ref=ref)
    try:
        return parse_catalogue(text, Path(f"{ref}:{CATALOGUE_NAME}"))
    except UserError:
        return None


def _blobs(listed: str) -> Mapping[str, str]:
    """Read ``<mode> <type> <id>\\t<name>`` lines, files alone."""
    entries = [line.split("\t", 1) for line in listed.split("\0") if line]
    kinds = [(head.split(), name.rpartition("/")[2]) for head, name in entries]
    return {name: identifier for (_, kind, identifier), name in kinds if kind == "blob"}


def _hashes(directory: Path, files: list[Path], ref: str) -> Mapping[str, str]:
    there = [file for file in files if file.is_file()]
    paths = "".join(f"{file.resolve()}\n" for file in there)
    told = _git(directory, "hash-object", "--no-filters", "--stdin-paths", ref=ref, text=paths)
    return dict(zip((file.name for file in there), told.split(), strict=True))


def _git(directory: Path, *arguments: str, ref: str, text: str = "") -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=directory, input=text, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise UserError(Problem("git was not found", "--base needs it: install git.")) from error
    if done.returncode:
        said = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), f"git knows no {ref}")
        raise UserError(
            Problem(
                f"--base: got {ref}, expected a git revision of {directory}: {said.removeprefix('fatal: ')}",
                "Fetch it, or tell a branch, tag or commit that is here.",
            )
        )
    return done.stdout
