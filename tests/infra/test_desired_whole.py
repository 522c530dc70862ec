"""Every key that a declaration may have, as what is desired: compared with golden data."""

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest

from infra.desired import build_desired
from tenants.declaration.load import load_catalogue, load_departments

DATA = Path(__file__).parent / "data"


def test_every_key_becomes_what_the_golden_file_says(request: pytest.FixtureRequest) -> None:
    catalogue = load_catalogue(DATA / "whole")
    (department,) = load_departments(DATA / "whole", catalogue)
    text = json.dumps(asdict(build_desired(department, catalogue, date(2027, 1, 1))), indent=2, ensure_ascii=False) + "\n"
    golden = DATA / "whole.json"
    if request.config.getoption("--update"):
        golden.write_text(text)
    assert text == golden.read_text()
