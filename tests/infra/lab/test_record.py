from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from infra.lab.record import Lab, Record, check_name, networks_of_others, read_record, write_record
from infra.lab.status import collect_status
from tenants.problem import UserError


def test_a_lab_remembers_its_network(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "x")
    assert read_record(lab) is None
    write_record(lab, Record(IPv4Network("10.90.0.0/16"), "one"))
    assert read_record(lab) == Record(IPv4Network("10.90.0.0/16"), "one")
    assert lab.home.stat().st_mode & 0o077 == 0


def test_labs_beside_it_count_as_taken(tmp_path: Path) -> None:
    write_record(Lab(tmp_path / "x"), Record(IPv4Network("10.88.0.0/16"), "one"))
    write_record(Lab(tmp_path / "y"), Record(IPv4Network("10.89.0.0/16"), "one"))
    (taken,) = networks_of_others(Lab(tmp_path / "x"))
    assert (taken.network, taken.by) == (IPv4Network("10.89.0.0/16"), "lab y")


@pytest.mark.parametrize("name", ["Lab", "1lab", "a-name-that-is-too-long", "a/b", ""])
def test_a_name_that_makes_no_device_name_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="lab name: got"):
        check_name(name)


def test_a_lab_that_is_off_shows_its_machines(tmp_path: Path) -> None:
    assert collect_status(tmp_path / "x") is None
    write_record(Lab(tmp_path / "x"), Record(IPv4Network("10.90.0.0/16"), "one"))
    status = collect_status(tmp_path / "x")
    assert status is not None
    assert [(one.name, one.address, one.running) for one in status.machines] == [
        ("site-a", "10.90.0.11", False),
        ("site-b", "10.90.0.12", False),
    ]
    assert not status.running
