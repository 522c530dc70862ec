"""Reads the catalogue and every department, and says all mistakes of all files at once.

>>> load_departments(Path("tenants"))  # doctest: +SKIP
(Department(name='civil-affairs', …), Department(name='health', …))
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from tenants.declaration.blueprint import Blueprint
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.complete import complete
from tenants.declaration.copies import expand_copies
from tenants.declaration.expand import expand_blueprints
from tenants.declaration.model import Department
from tenants.declaration.origin import Origin, locate
from tenants.declaration.rules import Finding, check, check_day
from tenants.declaration.sentence import path, sentences
from tenants.declaration.source import Place, Source, load_source, parse_source
from tenants.declaration.words import Declared
from tenants.installation import repository
from tenants.problem import Problem, UserError

CATALOGUE_NAME = "catalogue.yaml"
BLUEPRINTS_NAME = "blueprints"

_Model = TypeVar("_Model", bound=Declared)


def default_directory() -> Path:
    """Give the folder of declarations of this checkout."""
    return repository() / "tenants"


def load_catalogue(directory: Path | None = None) -> Catalogue:
    """Read ``catalogue.yaml`` and ``blueprints/`` of a folder of declarations, this checkout's where none is told."""
    directory = directory or default_directory()
    problems = [*_misnamed(directory / BLUEPRINTS_NAME)]
    read: list[Catalogue] = []
    blueprints: dict[str, Blueprint] = {}
    try:
        read.append(_validate(Catalogue, load_source(directory / CATALOGUE_NAME)))
    except UserError as error:
        problems.extend(error.problems)
    for file in sorted((directory / BLUEPRINTS_NAME).glob("*.yaml")):
        try:
            blueprints[file.stem] = _validate(Blueprint, load_source(file))
        except UserError as error:
            problems.extend(error.problems)
    if problems:
        raise UserError.of(problems)
    return read[0].model_copy(update={"blueprints": {**read[0].blueprints, **blueprints}})


def parse_catalogue(text: str, file: Path) -> Catalogue:
    """Read a catalogue's text; ``file`` is only named in messages."""
    return _validate(Catalogue, parse_source(text, file))


def load_departments(directory: Path | None = None, catalogue: Catalogue | None = None) -> tuple[Department, ...]:
    """Read every department of a folder, completed and checked, sorted by name; raises UserError with every mistake.

    Without ``catalogue`` the folder's own is read.
    """
    directory = directory or default_directory()
    return load_files(department_files(directory), catalogue or directory)


def department_files(directory: Path) -> tuple[Path, ...]:
    """List the declarations of a folder; raises UserError where there is none, or one is called otherwise."""
    if not directory.is_dir():
        raise UserError(Problem(f"{directory}: there is no such folder", "Tell the folder of the declarations."))
    if misnamed := tuple(_misnamed(directory)):
        raise UserError.of(misnamed)
    return tuple(sorted(file for file in directory.glob("*.yaml") if file.name != CATALOGUE_NAME))


def _misnamed(directory: Path) -> Iterator[Problem]:
    for file in sorted(directory.glob("*.yml")):
        yield Problem("the file name ends in .yml, expected .yaml", file=file)


def load_files(
    files: Sequence[Path], catalogue: Catalogue | Path, *, today: date | None = None, only: Collection[str] | None = None
) -> tuple[Department, ...]:
    """Read these declarations as one government, with a catalogue or the one of a folder.

    Raises UserError with every mistake of every file, the catalogue's included. What time alone made wrong is a mistake
    where ``today`` is told, in the files of ``only`` where those are: it must stop neither an apply nor anybody else.
    """
    problems: list[Problem] = []
    sources: list[Source] = []
    departments: list[Department] = []
    for file in files:
        try:
            source = load_source(file)
            departments.append(_validate(Department, source))
        except UserError as error:
            problems.extend(error.problems)
            continue
        sources.append(source)
    try:
        known = catalogue if isinstance(catalogue, Catalogue) else load_catalogue(catalogue)
    except UserError as error:
        raise UserError.of([*error.problems, *problems]) from error
    stems = [source.file.stem for source in sources]
    origins: list[dict[Place, Origin]] = []
    findings: list[Finding] = []
    for index, written in enumerate(departments):
        expanded, made, wrong = expand_blueprints(written, known)
        expanded, copied = expand_copies(expanded)
        departments[index] = complete(expanded)
        origins.append({**made, **copied})
        findings += (replace(finding, index=index) for finding in wrong)
    findings += check(departments, stems, known)
    if today is not None:
        findings += check_day(departments, today, stems if only is None else only)
    for finding in findings:
        problem = _locate(finding, sources[finding.index], origins[finding.index])
        if problem not in problems:  # a mistake in what is there several times is one
            problems.append(problem)
    if problems:
        raise UserError.of(problems)
    return tuple(sorted(departments, key=lambda department: department.name))


def _validate(model: type[_Model], source: Source) -> _Model:
    try:
        return model.model_validate(source.value, by_alias=True, by_name=False)
    except ValidationError as error:
        raise UserError.of(sentences(error, model, source)) from error


def _locate(finding: Finding, source: Source, origins: dict[Place, Origin]) -> Problem:
    place, made = locate(finding.place, origins)
    what = ": ".join(part for part in (path(place), made, finding.what) if part)
    return Problem(what, finding.hint, source.file, source.line(place))
