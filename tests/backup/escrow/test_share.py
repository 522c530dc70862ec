"""A holder's file: readable, copied by hand or whole, and said where it is neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from backup.escrow.sealing import split
from backup.escrow.share import Share, load_share, render_share
from tenants.problem import UserError

WORDS = split(3, 2).shares[0]
SHARE = Share(WORDS, b"\x00sealed\xff" * 100)


def rendered() -> str:
    return render_share(
        SHARE,
        installation="site",
        number=1,
        shares=3,
        threshold=2,
        holder="security officer",
        split_on="2026-11-25",
        version=4,
    )


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "share.txt"
    file.write_text(rendered())
    assert load_share(file) == SHARE
    assert "for the security officer" in rendered()


def test_words_copied_by_hand_are_enough(tmp_path: Path) -> None:
    file = tmp_path / "copied.txt"
    file.write_text("\n".join(WORDS.split()) + "\n")
    assert load_share(file) == Share(WORDS, b"")


def test_a_changed_sealed_part_is_said(tmp_path: Path) -> None:
    file = tmp_path / "share.txt"
    file.write_text(rendered() + "    !\n")
    with pytest.raises(UserError, match="the sealed part of this share was changed"):
        load_share(file)


@pytest.mark.parametrize("text", ["", "hello", "Words: ONE TWO", "\x00"])
def test_what_is_no_share_is_said(tmp_path: Path, text: str) -> None:
    file = tmp_path / "share.txt"
    file.write_text(text)
    with pytest.raises(UserError, match="this is no share"):
        load_share(file)


def test_a_share_shows_its_words_to_no_log() -> None:
    assert not set(WORDS.split()) & set(repr(SHARE).split())
