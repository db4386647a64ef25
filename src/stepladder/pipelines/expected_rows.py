"""The rows of a model's table beside those that a test expects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from stepladder.db import Rows, Side
from stepladder.errors import ModelError
from stepladder.pipelines.model_test import Expected, ModelTest
from stepladder.sql import Column, Type, quote

_TABLE = "stepladder_expected"
_PLACE = "stepladder_row"  # a column, so that the rows come back in the test's order
_Row: TypeAlias = "tuple[object, ...]"
_Pair: TypeAlias = "tuple[int | None, int | None]"


def differences(side: Side, rows: Rows, expected: Expected, test: ModelTest) -> Iterator[str]:
    """What differs, line by line. Raises ModelError for a column that the model does not give, and whatever the
    database says of a cell that is no value of its column's type."""
    by_name = {column.name: (place, column) for place, column in enumerate(rows.columns)}
    for name in expected.names:
        if name not in by_name:
            raise ModelError(
                f"the model gives no column {name!r}; it gives {', '.join(by_name)}.",
                file=str(test.path),
                line=expected.line,
            )
    chosen = [by_name[name] for name in expected.names]
    got = [tuple(row[place] for place, _ in chosen) for row in rows.tuples()]
    wanted = _typed(side, [column for _, column in chosen], expected)
    for here, there in _in_order(wanted, got) if expected.ordered else _paired(wanted, got):
        left = None if here is None else wanted[here]
        right = None if there is None else got[there]
        line = expected.line if here is None else expected.lines[here]
        if left is not None and right is not None:
            yield from _cells(expected.names, line, left, right)
        elif left is not None:
            yield f"expect, line {line}: {_shown(expected.names, left)}"
            yield "got     no such row"
        elif right is not None:
            yield f"expect, line {line}: no such row"
            yield f"got     {_shown(expected.names, right)}"


def _typed(side: Side, columns: Sequence[Column], expected: Expected) -> list[_Row]:
    """The expected cells as values of the model's types: the database reads them, as it reads what is given."""
    if not expected.rows:
        return []
    made = (*columns, Column(_PLACE, Type("int4")))
    lines = ", ".join(f"{quote(column.name)} {column.type}" for column in made)
    with side.session.transaction() as tx:
        tx.execute(f"CREATE TEMP TABLE {_TABLE} ({lines})")
        tx.load([(*row, str(place)) for place, row in enumerate(expected.rows)], _TABLE, mode="append")
        found = tx.query(f"SELECT * FROM {_TABLE} ORDER BY {_PLACE}").tuples()
        tx.execute(f"DROP TABLE {_TABLE}")
    return [row[:-1] for row in found]


def _in_order(wanted: Sequence[_Row], got: Sequence[_Row]) -> Iterator[_Pair]:
    for place in range(max(len(wanted), len(got))):
        yield place if place < len(wanted) else None, place if place < len(got) else None


def _paired(wanted: Sequence[_Row], got: Sequence[_Row]) -> Iterator[_Pair]:
    """Pairs of what is left when equal rows are put aside: each expected row with the one that is most like it."""
    here, there = Counter(map(_form, wanted)), Counter(map(_form, got))
    left, right = _beyond(wanted, there), _beyond(got, here)
    for place in left:
        best = max(right, key=lambda other: _likeness(wanted[place], got[other]), default=None)
        if best is not None and (_likeness(wanted[place], got[best]) or len(wanted[place]) == 1):
            right.remove(best)
            yield place, best
        else:
            yield place, None
    for place in right:
        yield None, place


def _beyond(rows: Sequence[_Row], others: Counter[tuple[tuple[type, str], ...]]) -> list[int]:
    rest, found = Counter(others), []
    for place, row in enumerate(rows):
        form = _form(row)
        if rest[form]:
            rest[form] -= 1
        else:
            found.append(place)
    return found


def _form(row: _Row) -> tuple[tuple[type, str], ...]:
    """What makes two rows the same: values of one type that print alike, 1.50 and 1.5 apart."""
    return tuple((type(cell), str(cell)) for cell in row)


def _likeness(left: _Row, right: _Row) -> int:
    return sum(one == other for one, other in zip(_form(left), _form(right), strict=True))


def _cells(names: Sequence[str], line: int, left: _Row, right: _Row) -> Iterator[str]:
    same = [one == other for one, other in zip(_form(left), _form(right), strict=True)]
    rest = [f"{name} = {_text(cell)}" for name, cell, equal in zip(names, left, same, strict=True) if equal]
    where = f"    ({', '.join(rest[:3])})" if rest else ""
    for name, one, other, equal in zip(names, left, right, same, strict=True):
        if not equal:
            head = f"expect, line {line}, {name}: "
            yield f"{head}{_text(one)}{where}"
            yield f"{'got':<{len(head)}}{_text(other)}"


def _shown(names: Sequence[str], row: _Row) -> str:
    return ", ".join(f"{name} = {_text(cell)}" for name, cell in zip(names, row, strict=True))


def _text(cell: object) -> str:
    if cell is None:
        return "NULL"
    return "''" if cell == "" else str(cell)
