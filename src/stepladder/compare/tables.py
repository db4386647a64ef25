"""The comparison itself: columns first, then rows, then cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stepladder.compare.comparison import Comparison, Difference
from stepladder.compare.exact import exact, loose
from stepladder.compare.pairing import (
    Pairing,
    Side,
    as_multisets,
    by_key,
    first_out_of_order,
    in_order,
)
from stepladder.compare.reasons import reason
from stepladder.errors import UndefinedColumn

if TYPE_CHECKING:
    from stepladder.sql import Column

_KEPT = 10


@dataclass(frozen=True, slots=True)
class Table:
    """A result: its columns, and rows of as many values."""

    columns: tuple[Column, ...]
    rows: Sequence[tuple[Any, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(column.name for column in self.columns)


def compare(
    left: Table, right: Table, *, key: Sequence[str] = (), ordered: bool = False, keep: int = _KEPT
) -> Comparison:
    """Every difference between two results, exact in value and in Python type.

    Rows belong together by the columns `key`; without one they are multisets, or with `ordered` a sequence.
    With both, the keys that the sides share must also come in one order. A key that a side has twice is a
    difference. Where the columns differ, rows are compared on the columns that both have by name, wherever
    they stand. All differences are counted, the first `keep` are kept. Raises UndefinedColumn for a key column that neither side has.
    """
    for name in key:
        if name not in left.names and name not in right.names:
            raise UndefinedColumn(f"the key column {name!r} is in neither result. Nothing was compared.")
    found = _Findings(key=tuple(key), limit=keep)
    _compare_columns(found, left.columns, right.columns)
    common = _common(left.names, right.names)
    if (left.names != right.names and not common) or not set(key) <= set(common):
        return found.comparison(left, right, Pairing(), compared=False)
    ours, theirs = _on(left, common), _on(right, common)
    pairing = _pair(ours, theirs, common, tuple(key), found, ordered=ordered)
    _report(found, pairing, ours, theirs, common)
    return found.comparison(left, right, pairing)


@dataclass(slots=True)
class _Findings:
    """Counts every finding by its reason, and keeps the first ones."""

    key: tuple[str, ...]
    limit: int
    kept: list[Difference] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, difference: Difference) -> None:
        self.reasons[difference.reason] += 1
        if len(self.kept) < self.limit:
            self.kept.append(difference)

    def comparison(self, left: Table, right: Table, pairing: Pairing, *, compared: bool = True) -> Comparison:
        return Comparison(
            equal=compared and not self.reasons,
            left_rows=len(left.rows),
            right_rows=len(right.rows),
            only_left=len(pairing.only_left),
            only_right=len(pairing.only_right),
            changed=len(pairing.changed) + len(pairing.moved),
            differences=tuple(self.kept),
            reasons=tuple(sorted(self.reasons.items(), key=lambda item: (-item[1], item[0]))),
            compared=compared,
        )


def _compare_columns(found: _Findings, left: Sequence[Column], right: Sequence[Column]) -> None:
    """Missing and extra columns, then columns that both have in other places, then types."""
    left_names, right_names = [column.name for column in left], [column.name for column in right]
    for place in _beyond(left_names, right_names):
        column = left[place]
        found.add(Difference(None, None, column.name, str(column.type), None, "missing column"))
    for place in _beyond(right_names, left_names):
        column = right[place]
        found.add(Difference(None, None, column.name, None, str(column.type), "extra column"))
    both = zip(_shared(left_names, right_names), _shared(right_names, left_names), strict=True)
    for name in [name for name, other in both if name != other]:
        here, there = left_names.index(name) + 1, right_names.index(name) + 1
        found.add(Difference(None, None, name, here, there, "column position"))
    for one, other in _same_columns(left, right):
        if str(one.type) != str(other.type):
            found.add(Difference(None, None, one.name, str(one.type), str(other.type), "column type"))


def _beyond(names: Sequence[str], others: Sequence[str]) -> list[int]:
    """The places of the names that are there more often than in `others`."""
    left_over = Counter(others)
    beyond = []
    for place, name in enumerate(names):
        left_over[name] -= 1
        if left_over[name] < 0:
            beyond.append(place)
    return beyond


def _shared(names: Sequence[str], others: Sequence[str]) -> list[str]:
    beyond = set(_beyond(names, others))
    return [name for place, name in enumerate(names) if place not in beyond]


def _same_columns(left: Sequence[Column], right: Sequence[Column]) -> list[tuple[Column, Column]]:
    ours, theirs = [column.name for column in left], [column.name for column in right]
    if ours == theirs:
        return list(zip(left, right, strict=True))
    return [(left[ours.index(name)], right[theirs.index(name)]) for name in _common(ours, theirs)]


def _common(left: Sequence[str], right: Sequence[str]) -> tuple[str, ...]:
    """The names to compare rows by: all where they are the same, else those that each side has once."""
    if tuple(left) == tuple(right):
        return tuple(left)
    return tuple(name for name in left if left.count(name) == 1 and right.count(name) == 1)


def _on(table: Table, names: Sequence[str]) -> Sequence[tuple[Any, ...]]:
    """The rows with these columns in this order."""
    if table.names == tuple(names):
        return table.rows
    places = [table.names.index(name) for name in names]
    return [tuple(row[place] for place in places) for row in table.rows]


def _pair(
    left: Sequence[tuple[Any, ...]],
    right: Sequence[tuple[Any, ...]],
    names: Sequence[str],
    key: Sequence[str],
    found: _Findings,
    *,
    ordered: bool,
) -> Pairing:
    named_by = [names.index(name) for name in key] or range(len(names))
    ours, theirs = _side(left, named_by), _side(right, named_by)
    if not key:
        return in_order(ours, theirs) if ordered else as_multisets(ours, theirs)
    pairing = by_key(ours, theirs, named_by)
    out_of_order = first_out_of_order(ours, theirs, named_by) if ordered else None
    if out_of_order:
        here, there = out_of_order
        found.add(_whole_row(found.key, names, here, left[here], right[there], "order"))
    return pairing


def _side(rows: Sequence[tuple[Any, ...]], named_by: Iterable[int]) -> Side:
    columns = tuple(named_by)
    return Side(
        [tuple(map(exact, row)) for row in rows],
        lambda place: tuple(loose(rows[place][column]) for column in columns),
    )


def _report(
    found: _Findings,
    pairing: Pairing,
    left: Sequence[tuple[Any, ...]],
    right: Sequence[tuple[Any, ...]],
    names: Sequence[str],
) -> None:
    key = found.key
    for ours, theirs in pairing.doubled:
        place, row = (ours[0], left[ours[0]]) if ours else (theirs[0], right[theirs[0]])
        values = _key_of(key, names, row)
        found.add(Difference(values, place + 1, None, len(ours), len(theirs), "duplicate key"))
    for here, there in sorted(pairing.moved):
        found.add(_whole_row(key, names, here, left[here], right[there], "order"))
    for here, there in sorted(pairing.changed):
        _report_cells(found, names, here, left[here], right[there])
    on_left, on_right = _forms(left, pairing.only_right), _forms(right, pairing.only_left)
    for here in sorted(pairing.only_left):
        why = "duplicate row" if _form(left[here]) in on_right else "missing row"
        found.add(_whole_row(key, names, here, left[here], None, why))
    for there in sorted(pairing.only_right):
        why = "duplicate row" if _form(right[there]) in on_left else "extra row"
        found.add(_whole_row(key, names, there, None, right[there], why))


def _forms(rows: Sequence[tuple[Any, ...]], wanted: Sequence[int]) -> frozenset[Hashable]:
    """All rows in their exact form; none where there is nothing to look for in them."""
    return frozenset(map(_form, rows)) if wanted else frozenset()


def _form(row: tuple[Any, ...]) -> Hashable:
    return tuple(map(exact, row))


def _report_cells(
    found: _Findings, names: Sequence[str], place: int, left: tuple[Any, ...], right: tuple[Any, ...]
) -> None:
    key = _key_of(found.key, names, left)
    for name, one, other in zip(names, left, right, strict=True):
        if exact(one) != exact(other):
            found.add(Difference(key, place + 1, name, one, other, reason(one, other)))


def _whole_row(
    key: Sequence[str],
    names: Sequence[str],
    place: int,
    left: tuple[Any, ...] | None,
    right: tuple[Any, ...] | None,
    why: str,
) -> Difference:
    row = left if left is not None else right
    values = _key_of(key, names, row) if row is not None else None
    one, other = left and tuple(left), right and tuple(right)
    return Difference(values, place + 1, None, one, other, why)


def _key_of(key: Sequence[str], names: Sequence[str], row: tuple[Any, ...]) -> tuple[Any, ...] | None:
    return tuple(row[names.index(name)] for name in key) if key else None
