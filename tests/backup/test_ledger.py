"""The ledger keeps what it was told through power loss and many writers, and tells whatever was done to it since."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from backup.evidence import verify
from backup.ledger import FOLDER, KEY, Declared, append, list_ledgers, load_entries, parse_entry, read_head
from tenants.problem import UserError

DECLARED = Declared("d" * 64, "c" * 40)


def write(directory: Path, count: int, start: int = 0) -> Path:
    for number in range(start, start + count):
        append(directory, [("backup", {"department": "health", "name": f"prod/{number}"})], DECLARED)
    (file,) = list_ledgers(directory)
    return file


def found(directory: Path) -> list[str]:
    return [sentence for ledger in verify(directory) for sentence in ledger.problems]


def test_what_was_written_is_read_and_unchanged(tmp_path: Path) -> None:
    file = write(tmp_path, 3)
    entries = load_entries(tmp_path)
    assert [e.number for e in entries] == [1, 2, 3, 4]
    assert [e.record.get("name") for e in entries[1:]] == ["prod/0", "prod/1", "prod/2"]
    assert {e.declared for e in entries} == {DECLARED}
    assert found(tmp_path) == []
    assert file.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / KEY).stat().st_mode & 0o777 == 0o600


def change_a_word(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b"prod/1", b"prod/9") for line in lines]


def change_a_signature(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], lines[2].replace(b'"signature":"', b'"signature":"AAAA'), *lines[3:]]


def remove(first: int, last: int) -> Callable[[list[bytes]], list[bytes]]:
    return lambda lines: lines[: first - 1] + lines[last:]


def swap(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], lines[3], lines[2], *lines[4:]]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (change_a_word, r"line 3: entry 3 \(backup of health prod/9, .*Z\) was changed"),
        (change_a_signature, r"line 3: entry 3 \(backup of health prod/1, .*Z\) was changed"),
        (remove(3, 3), r"line 3: entry 3 is missing before entry 4"),
        (remove(2, 3), r"line 2: entries 2 to 3 are missing before entry 4"),
        (remove(1, 1), r"line 1: entry 1 does not tell the key"),
        (remove(5, 5), r"entry 5 is missing at the end"),
        (remove(4, 5), r"entries 4 to 5 are missing at the end"),
        (remove(1, 5), r"line 1: entry 1 does not tell the key"),
        (swap, r"line 3: entry 3 is missing before entry 4 .*"),
        (lambda lines: [*lines, lines[2]], r"line 6: entry 3 .* stands here twice, expected entry 6"),
        (lambda lines: [*lines[:2], b"rust\n", *lines[3:]], r"line 3: entry 3 cannot be read"),
    ],
    ids=["word", "signature", "one", "two", "first", "last", "end", "all", "swapped", "twice", "damaged"],
)
def test_every_change_is_found_and_named(
    tmp_path: Path, change: Callable[[list[bytes]], list[bytes]], sentence: str
) -> None:
    file = write(tmp_path, 4)
    file.write_bytes(b"".join(change(file.read_bytes().splitlines(keepends=True))))
    said = found(tmp_path)
    assert any(re.match(sentence, s) for s in said), said


def test_every_single_bit_counts(tmp_path: Path) -> None:
    file = write(tmp_path, 1)
    content = file.read_bytes()
    for place in range(0, len(content), 7):
        changed = bytearray(content)
        changed[place] ^= 1 << (place % 8)
        file.write_bytes(changed)
        assert found(tmp_path), f"bit {place % 8} of byte {place}"


def test_what_was_taken_away_stays_on_record(tmp_path: Path) -> None:
    file = write(tmp_path, 4)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:3]))
    write(tmp_path, 1, start=9)
    (said,) = found(tmp_path)
    assert "says that entries up to 5 were there and only those up to 3 were left" in said
    assert load_entries(tmp_path)[-1].record["name"] == "prod/9"


def test_a_head_that_was_removed_stays_on_record(tmp_path: Path) -> None:
    file = write(tmp_path, 2)
    file.with_suffix(".head").unlink()
    write(tmp_path, 1, start=9)
    assert any("the head were there" in said for said in found(tmp_path))


def test_a_head_of_another_key_is_found(tmp_path: Path) -> None:
    file = write(tmp_path, 2)
    other = write(tmp_path / "other", 1)
    shutil.copy(other.with_suffix(".head"), file.with_suffix(".head"))
    assert found(tmp_path) == ["its head was changed: the ledger's key did not sign it"]


@pytest.mark.parametrize("cut", range(1, 400, 13))
def test_an_entry_that_power_cut_short_is_dropped(tmp_path: Path, cut: int) -> None:
    file = write(tmp_path, 2)
    whole, head = file.read_bytes(), file.with_suffix(".head").read_bytes()
    write(tmp_path, 1, start=2)
    torn = file.read_bytes()[: len(whole) + cut]
    file.write_bytes(torn)
    file.with_suffix(".head").write_bytes(head)
    assert [e.number for e in load_entries(tmp_path)] == [1, 2, 3]
    assert found(tmp_path) == []
    write(tmp_path, 1, start=9)
    assert [e.record.get("name") for e in load_entries(tmp_path)[1:]] == ["prod/0", "prod/1", "prod/9"]
    assert found(tmp_path) == []


def test_blocks_that_power_left_empty_are_dropped(tmp_path: Path) -> None:
    file = write(tmp_path, 2)
    with file.open("ab") as stream:
        stream.write(bytes(200_000) + b"\n" + b'{"entry":9}\n')
    write(tmp_path, 1, start=9)
    assert [e.number for e in load_entries(tmp_path)] == [1, 2, 3, 4]
    assert found(tmp_path) == []


def test_an_entry_is_kept_whose_head_power_cut_short(tmp_path: Path) -> None:
    file = write(tmp_path, 2)
    head = file.with_suffix(".head").read_bytes()
    write(tmp_path, 1, start=2)
    file.with_suffix(".head").write_bytes(head)
    write(tmp_path, 1, start=3)
    assert [e.number for e in load_entries(tmp_path)] == [1, 2, 3, 4, 5]
    assert found(tmp_path) == []


def test_power_that_fails_before_the_first_head_loses_nothing(tmp_path: Path) -> None:
    file = write(tmp_path, 1)
    born = file.read_bytes().splitlines(keepends=True)[0]
    for left in (b"", born[:50], born):
        file.write_bytes(left)
        file.with_suffix(".head").unlink()
        write(tmp_path, 1)
        assert [e.number for e in load_entries(tmp_path)] == [1, 2]
        assert found(tmp_path) == []


def test_damage_among_what_was_told_is_said_with_its_line(tmp_path: Path) -> None:
    file = write(tmp_path, 2)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(lines[0] + b"x" * (len(lines[1]) - 1) + b"\n" + lines[2])
    with pytest.raises(UserError, match=r"jsonl:2: this line is no entry"):
        load_entries(tmp_path)


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    children = []
    for writer in range(4):
        if (child := os.fork()) == 0:
            for number in range(25):
                append(tmp_path, [("backup", {"name": f"{writer}/{number}"})], DECLARED)
            os._exit(0)
        children.append(child)
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)
    assert len({e.record["name"] for e in load_entries(tmp_path) if e.kind == "backup"}) == 100
    assert found(tmp_path) == []


def test_a_line_longer_than_a_block_is_found_again(tmp_path: Path) -> None:
    for number in range(3):
        append(tmp_path, [("backup", {"reason": str(number) * 200_000})], DECLARED)
    assert len(load_entries(tmp_path)) == 4
    assert found(tmp_path) == []


def test_a_machine_with_a_new_key_begins_a_new_ledger(tmp_path: Path) -> None:
    write(tmp_path, 1)
    (tmp_path / KEY).unlink()
    append(tmp_path, [("backup", {"name": "prod/new"})], DECLARED)
    assert len(list_ledgers(tmp_path)) == 2
    assert found(tmp_path) == []


def test_a_damaged_key_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / KEY).write_text("rust")
    with pytest.raises(UserError, match="got no 32 bytes in hexadecimal"):
        append(tmp_path, [("backup", {})], DECLARED)


def test_a_line_without_its_end_is_no_entry(tmp_path: Path) -> None:
    file = write(tmp_path, 1)
    with pytest.raises(ValueError, match="no end"):
        parse_entry(file.stem, file.read_bytes().splitlines()[1])


def test_the_head_says_how_far_it_was_told(tmp_path: Path) -> None:
    file = write(tmp_path, 2)
    told = read_head(file)
    assert told is not None
    assert (told.number, told.bytes) == (3, file.stat().st_size)
    assert read_head(tmp_path / FOLDER / "0123456789abcdef.jsonl") is None
