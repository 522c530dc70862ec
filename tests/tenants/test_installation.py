"""Which installation is meant, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenants.installation import Installation, lab_name
from tenants.problem import UserError


def test_the_home_is_told_or_the_labs(tmp_path: Path) -> None:
    assert Installation.current({"ONEROOF_HOME": str(tmp_path)}).home == tmp_path
    told = {"ONEROOF_STATE": str(tmp_path), "ONEROOF_LAB": "second"}
    assert Installation.current(told).home == tmp_path / "labs" / "second"


@pytest.mark.parametrize("name", ["../x", "a/b", ".", ".hidden"])
def test_a_labs_name_is_no_path(name: str) -> None:
    with pytest.raises(UserError, match="expected a name such as oneroof"):
        lab_name({"ONEROOF_LAB": name})


def test_where_nothing_was_built_the_place_is_named_and_not_made(tmp_path: Path) -> None:
    home = tmp_path / "nothing"
    with pytest.raises(UserError, match=f"there is no installation in {home}\n  HINT: `oneroof up`"):
        Installation.existing({"ONEROOF_HOME": str(home)})
    assert not home.exists()
    assert Installation.existing({"ONEROOF_HOME": str(tmp_path)}).home == tmp_path
