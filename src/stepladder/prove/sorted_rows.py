"""Rows in order: only what a query sorts by has an order, and rows that are equal there have none among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stepladder.compare import Difference, Table, compare
from stepladder.prove.text_order import TextOrder
from stepladder.sql import Column, SortKey, sort_keys

_TEXTS = ("text", "varchar", "bpchar", "unknown")


@dataclass(frozen=True, slots=True)
class Sorting:
    """The sort keys whose order is compared; or none, and why, where there is something to say."""

    keys: tuple[SortKey, ...] = ()
    by_bytes: bool = True
    note: str = ""

    @property
    def columns(self) -> Sorting | None:
        """Itself, where there is an order to compare."""
        return self if self.keys else None


def sorting(sql: str, order: TextOrder) -> Sorting:
    """How the rows of a query are sorted."""
    keys = sort_keys(sql)
    if any(key.column is None for key in keys):
        return Sorting(
            note="It sorts by an expression that is none of its columns: the order of its rows was not compared."
        )
    return Sorting(keys, order.by_bytes)


def in_other_order(left: Table, right: Table, sort: Sorting | None) -> tuple[Difference, ...]:
    """Where equal rows come in another order. Where the server does not order text by bytes, an order that depends on
    text is none to compare."""
    places = [_place(key, left.columns) for key in sort.keys] if sort else []
    if sort is None or None in places:
        return ()
    chosen = [place for place in places if place is not None]
    on_text = any(
        left.columns[place].type.name in _TEXTS and not key.by_bytes
        for place, key in zip(chosen, sort.keys, strict=True)
    )
    if on_text and not sort.by_bytes:
        return ()
    one, other = (_on(table, chosen) for table in (left, right))
    return compare(one, other, ordered=True).differences


def _place(key: SortKey, columns: Sequence[Column]) -> int | None:
    if isinstance(key.column, int):
        return key.column
    return next((place for place, column in enumerate(columns) if column.name == key.column), None)


def _on(table: Table, places: Sequence[int]) -> Table:
    columns = tuple(table.columns[place] for place in places)
    return Table(columns, [tuple(row[place] for place in places) for row in table.rows])
