"""Reads the catalogue and every department, and says all mistakes of all files at once.

>>> load_departments(Path("tenants"))  # doctest: +SKIP
(Department(name='civil-affairs', …), Department(name='health', …))
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from tenants.declaration.catalogue import Catalogue
from tenants.declaration.complete import complete
from tenants.declaration.model import Department
from tenants.declaration.rules import Finding, check, erasures
from tenants.declaration.sentence import sentences
from tenants.declaration.source import Source, load_source, parse_source
from tenants.declaration.words import Declared
from tenants.installation import repository
from tenants.problem import Problem, UserError

CATALOGUE_NAME = "catalogue.yaml"

_Model = TypeVar("_Model", bound=Declared)


def default_directory() -> Path:
    """Give the folder of declarations of this checkout."""
    return repository() / "tenants"


def load_catalogue(directory: Path | None = None) -> Catalogue:
    """Read ``catalogue.yaml`` of a folder of declarations, this checkout's where none is told."""
    return _validate(Catalogue, load_source((directory or default_directory()) / CATALOGUE_NAME))


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
    misnamed = sorted(directory.glob("*.yml"))
    if misnamed:
        raise UserError.of(Problem("the file name ends in .yml, expected .yaml", file=file) for file in misnamed)
    return tuple(sorted(file for file in directory.glob("*.yaml") if file.name != CATALOGUE_NAME))


def load_files(files: Sequence[Path], catalogue: Catalogue | Path) -> tuple[Department, ...]:
    """Read these declarations as one government, with a catalogue or the one of a folder.

    Raises UserError with every mistake of every file, the catalogue's included.
    """
    problems: list[Problem] = []
    sources: list[Source] = []
    departments: list[Department] = []
    for file in files:
        try:
            source = load_source(file)
            department = complete(_validate(Department, source))
        except UserError as error:
            problems.extend(error.problems)
            continue
        sources.append(source)
        departments.append(department)
    try:
        known = catalogue if isinstance(catalogue, Catalogue) else load_catalogue(catalogue)
    except UserError as error:
        raise UserError.of([*error.problems, *problems]) from error
    stems = [source.file.stem for source in sources]
    problems.extend(_locate(finding, sources[finding.index]) for finding in check(departments, stems, known))
    if problems:
        raise UserError.of(problems)
    return tuple(sorted(departments, key=lambda department: department.name))


def check_today(departments: Sequence[Department], files: Sequence[Path], today: date) -> None:
    """Raise UserError with what in these declarations is wrong on this very day: approvals that ended, or are to come.

    Not part of loading, or one department's old entry would stop everybody's plan on the day after.
    """
    sources = {file.stem: file for file in files}
    problems = [
        _locate(finding, load_source(sources[department.name]))
        for department in departments
        for finding in erasures.check_today(department, today)
    ]
    if problems:
        raise UserError.of(problems)


def _validate(model: type[_Model], source: Source) -> _Model:
    try:
        return model.model_validate(source.value, by_alias=True, by_name=False)
    except ValidationError as error:
        raise UserError.of(sentences(error, model, source)) from error


def _locate(finding: Finding, source: Source) -> Problem:
    return Problem(f"{finding.path}: {finding.what}", finding.hint, source.file, source.line(finding.place))
