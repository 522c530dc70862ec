"""Reads the price book: each price with its first and last day and its source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import model_validator

from tenants.assumptions.figures import Figure, Sourced, Strict, load_figures

PRICES_FILE = Path(__file__).resolve().parent / "prices.yaml"
Item = Literal["cores", "memory_bytes", "storage_bytes", "object_bytes", "floating_addresses"]


class Price(Strict):
    """What an hour of one unit counts for, from a first to a last day."""

    first: date
    last: date
    price: Figure

    @model_validator(mode="after")
    def _ordered(self) -> Price:
        if self.last < self.first:
            raise ValueError(f"last: got {self.last}, expected {self.first} or later")
        return self


class PriceBook(Sourced):
    """All prices."""

    version: Literal[1]
    items: dict[Item, tuple[Price, ...]]

    @model_validator(mode="after")
    def _no_day_has_two_prices(self) -> PriceBook:
        for item, prices in self.items.items():
            ordered = sorted(prices, key=lambda price: price.first)
            for one, next_one in pairwise(ordered):
                if next_one.first <= one.last:
                    raise ValueError(f"{item}: got two prices for {next_one.first}, expected one")
        return self


@dataclass(frozen=True)
class Span:
    """Days with one price; None where the book has none."""

    first: date
    end: date
    """The day after the last."""
    price: float | None


def load_prices(path: Path = PRICES_FILE) -> PriceBook:
    """Read the price book; raises UserError with every mistake."""
    return load_figures(PriceBook, path)


def split(book: PriceBook, item: Item, first: date, end: date) -> Iterator[Span]:
    """Give the days from ``first`` up to ``end`` (not included) by price, those without a price too."""
    at = first
    for price in sorted(book.items.get(item, ()), key=lambda price: price.first):
        if price.last < at or price.first >= end:
            continue
        if price.first > at:
            yield Span(at, price.first, None)
            at = price.first
        last = min(price.last + timedelta(days=1), end)
        yield Span(at, last, price.price.value)
        at = last
    if at < end:
        yield Span(at, end, None)
