"""Ledgers of two machines come together, each entry once; what no longer fits is refused and said."""

from __future__ import annotations

from pathlib import Path

import pytest

from backup.evidence import verify
from backup.exchange import accept, build_offer, list_known, parse_offer, render_offer
from backup.ledger import FOLDER, WITNESS, Declared, append, list_ledgers, load_entries
from tenants.problem import UserError

DECLARED = Declared("d" * 64)


def write(directory: Path, name: str) -> Path:
    append(directory, [("backup", {"name": name})], DECLARED)
    return next(file for file in list_ledgers(directory) if file.with_suffix(".head").exists())


def bring(source: Path, target: Path) -> None:
    offer = parse_offer(render_offer(build_offer(source, list_known(target))))
    assert offer.changed == ()
    accept(target, offer.tails)


@pytest.fixture
def machines(tmp_path: Path) -> tuple[Path, Path]:
    here, there = tmp_path / "here", tmp_path / "there"
    write(there, "prod/1")
    bring(there, here)
    return here, there


def names(directory: Path) -> list[str]:
    return [e.record["name"] for e in load_entries(directory) if e.kind == "backup"]


def found(directory: Path) -> list[str]:
    return [sentence for ledger in verify(directory) for sentence in ledger.problems]


def test_only_what_is_new_comes_and_both_end_with_the_same(machines: tuple[Path, Path]) -> None:
    here, there = machines
    write(there, "prod/2")
    write(here, "prod/3")
    for _ in range(2):
        bring(there, here)
        bring(here, there)
    assert names(here) == names(there) == ["prod/1", "prod/2", "prod/3"]
    assert found(here) == found(there) == []


def test_what_came_is_witnessed_and_witnesses_alone_are_not(machines: tuple[Path, Path]) -> None:
    here, there = machines
    bring(here, there)  # of here: its birth and its witness
    before = {f.stem: f.stat().st_size for f in list_ledgers(there)}
    for _ in range(3):
        bring(there, here)
        bring(here, there)
    grown = [e for e in load_entries(there) if e.kind == WITNESS]
    assert len(grown) <= 2
    assert before.keys() == {f.stem for f in list_ledgers(there)}


def test_an_end_that_was_cut_off_with_its_head_shows_on_the_other_machine(machines: tuple[Path, Path]) -> None:
    here, there = machines
    file = write(there, "prod/2")
    head, content = file.with_suffix(".head").read_bytes(), file.read_bytes()
    write(there, "prod/3")
    bring(there, here)
    bring(here, there)  # with the witness of entry 4
    file.write_bytes(content)
    file.with_suffix(".head").write_bytes(head)
    (said,) = found(there)
    assert said.startswith("entry 4, which ")
    assert said.endswith(" is missing")


def test_a_ledger_that_is_gone_is_missed(machines: tuple[Path, Path]) -> None:
    here, there = machines
    (copy,) = [file for file in list_ledgers(here) if not file.with_suffix(".head").exists()]
    copy.unlink()
    (said,) = found(here)
    assert said.startswith("the ledger is gone, and with it entry 2")
    bring(there, here)
    assert found(here) == []


def test_a_rewritten_ledger_is_no_longer_taken_over(machines: tuple[Path, Path]) -> None:
    here, there = machines
    file = write(there, "prod/2")
    file.write_bytes(file.read_bytes().replace(b"prod/1", b"prod/8"))
    assert build_offer(there, list_known(here)).changed == (file.stem,)


def test_entries_that_nobody_signed_are_refused(machines: tuple[Path, Path]) -> None:
    here, there = machines
    file = write(there, "prod/2")
    file.write_bytes(file.read_bytes().replace(b"prod/2", b"prod/8"))
    offer = build_offer(there, list_known(here))
    with pytest.raises(UserError, match="entry 3 is not signed by its key"):
        accept(here, offer.tails)
    assert names(here) == ["prod/1"]


def test_a_copy_that_power_cut_short_is_completed(machines: tuple[Path, Path]) -> None:
    here, there = machines
    (copy,) = [file for file in list_ledgers(here) if not file.with_suffix(".head").exists()]
    write(there, "prod/2")
    with copy.open("ab") as stream:
        stream.write(b'{"entry":3,"at":"20')
    bring(there, here)
    assert names(here) == ["prod/1", "prod/2"]
    assert found(here) == []


@pytest.mark.parametrize(
    "text", ["", "[]", "7", '{"tails": 7}', '{"tails": {"../../etc/passwd": ""}}', '{"tails": {"0123456789abcdef": "?"}}']
)
def test_what_is_no_ledger_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match="expected JSON"):
        accept(tmp_path, parse_offer(text).tails)
    assert not (tmp_path / FOLDER).exists()
