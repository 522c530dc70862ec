"""What is looked at in turns: the strange first, then the unseen, then the oldest; never more than the budget."""

from __future__ import annotations

from infra.inventory.turns import BUDGET, Held, Look, Part, choose, parse_looks, render_parts


def look(hour: int, *ids: str) -> Look:
    return Look(f"2026-03-02T{hour:02}:00:00+00:00", tuple(Held(each, each) for each in ids))


def test_the_strange_come_first_then_the_unseen_then_the_oldest() -> None:
    looks = {"new": look(9), "old": look(3), "strange": look(10, "x"), "known": look(5, "k"), "lost": look(11)}
    expected = {"known": {"k"}, "lost": {"l"}}
    assert choose([*looks, "unseen"], looks, expected) == ("strange", "lost", "unseen", "old", "known", "new")


def test_every_place_has_its_turn_and_no_reading_takes_more_than_the_budget() -> None:
    places = [f"{number:03}" for number in range(2 * BUDGET + 7)]
    looks: dict[str, Look] = {}
    for hour in range(3):
        chosen = choose(places, looks, {})
        assert len(chosen) == BUDGET
        looks |= {place: look(hour) for place in chosen}
    assert set(looks) == set(places)


def test_many_strange_places_do_not_keep_others_from_their_turn() -> None:
    strange, unseen = [f"s{number:03}" for number in range(2 * BUDGET)], [f"u{number:03}" for number in range(BUDGET)]
    chosen = choose([*strange, *unseen], {place: look(9, "x") for place in strange}, {})
    assert (sum(place in strange for place in chosen), sum(place in unseen for place in chosen)) == (
        BUDGET // 2,
        BUDGET - BUDGET // 2,
    )


def test_looks_are_read_as_they_were_written_and_what_is_broken_is_looked_at_again() -> None:
    part = Part({"p": look(9, "a", "b")}, 3)
    assert (part.unseen, part.oldest) == (2, "2026-03-02T09:00:00+00:00")
    text = render_parts({"containers": part})
    assert parse_looks(text) == {"containers": dict(part.looks)}
    for broken in (text[:-9], "[]", text.replace('"version": 1', '"version": 0'), text.replace('"name"', '"nick"')):
        assert parse_looks(broken) == {}
