"""Some holders together open what was sealed; fewer, or others, do not."""

from __future__ import annotations

import itertools

import pytest

from backup.escrow.sealing import combine, seal, split, unseal
from tenants.problem import UserError

CONTENT = b"what must outlive the machine"


def test_any_three_of_five_open_it() -> None:
    made = split(5, 3)
    sealed = seal(CONTENT, made.public_key)
    for some in itertools.combinations(made.shares, 3):
        assert unseal(sealed, combine(some)) == CONTENT
    assert unseal(sealed, combine(made.shares)) == CONTENT


def test_what_is_sealed_later_opens_with_the_same_shares() -> None:
    made = split(3, 2)
    first, second = seal(CONTENT, made.public_key), seal(CONTENT + b", and more", made.public_key)
    key = combine(made.shares[:2])
    assert unseal(first, key) == CONTENT
    assert unseal(second, key) == CONTENT + b", and more"


def test_too_few_do_not() -> None:
    made = split(5, 3)
    with pytest.raises(UserError, match="got 2 different shares, expected 3"):
        combine(made.shares[:2])
    with pytest.raises(UserError, match="got 1 different shares, expected 3"):
        combine([made.shares[0]] * 3)


def test_shares_of_two_splittings_do_not() -> None:
    with pytest.raises(UserError, match="of different splittings"):
        combine([*split(3, 2).shares[:1], *split(3, 2).shares[:1]])


def test_a_wrong_word_is_said_without_any_word() -> None:
    made = split(3, 2)
    words = made.shares[0].split()
    words[7] = "academic" if words[7] != "academic" else "acid"
    with pytest.raises(UserError, match="a word is wrong, missing or doubled") as refused:
        combine([" ".join(words), made.shares[1]])
    assert not set(str(refused.value).split()) & set(words[2:])


def test_other_shares_and_damage_open_nothing() -> None:
    made, other = split(3, 2), split(3, 2)
    sealed = seal(CONTENT, made.public_key)
    with pytest.raises(ValueError, match="damaged, or sealed for other shares"):
        unseal(sealed, combine(other.shares[:2]))
    damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
    with pytest.raises(ValueError, match="damaged, or sealed for other shares"):
        unseal(damaged, combine(made.shares[:2]))


@pytest.mark.parametrize(("shares", "threshold"), [(5, 1), (3, 4), (17, 3), (1, 1)])
def test_senseless_numbers_are_refused(shares: int, threshold: int) -> None:
    with pytest.raises(UserError, match="expected at least 2 of them, and at most 16 in all"):
        split(shares, threshold)


def test_shares_show_themselves_to_nobody() -> None:
    made = split(3, 2)
    assert not set(made.shares[0].split()) & set(repr(made).split())
