"""A result agrees with itself in any order, no changed cell goes unseen, and neither side is preferred."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from stepladder.compare import Comparison, Table, compare, reason
from stepladder.compare.exact import exact
from stepladder.sql import Column, parse_type

CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.sampled_from([0.0, -0.0, 1.0, float("nan"), 0.1 + 0.2, 0.3]),
    st.decimals(-2, 2, places=1) | st.decimals(-2, 2, places=2) | st.just("1.0"),
    st.text("aA 1", max_size=2),
    st.datetimes(timezones=st.none() | st.just(dt.UTC)),
    st.lists(st.integers(0, 1), max_size=2),
)
WIDTH = 3
ROWS = st.lists(st.tuples(*[CELLS] * WIDTH), max_size=8)


def table(rows: list[tuple[Any, ...]]) -> Table:
    return Table(tuple(Column(name, parse_type("text")) for name in "abc"), rows)


def keyed(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [(place, *row[1:]) for place, row in enumerate(rows)]


@st.composite
def shuffled(draw: st.DrawFn) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    rows = draw(ROWS)
    return rows, draw(st.permutations(rows))


@st.composite
def mutated(draw: st.DrawFn) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    rows = draw(ROWS.filter(bool))
    row, column, value = draw(st.integers(0, len(rows) - 1)), draw(st.integers(0, WIDTH - 1)), draw(CELLS)
    assume(exact(rows[row][column]) != exact(value))
    changed = list(rows)
    changed[row] = (*rows[row][:column], value, *rows[row][column + 1 :])
    return rows, changed


@given(shuffled())
def test_a_shuffled_result_is_equal(pair: tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]) -> None:
    assert compare(table(pair[0]), table(pair[1])).equal


@given(ROWS, st.randoms(use_true_random=False))
def test_a_shuffled_result_is_equal_by_key(rows: list[tuple[Any, ...]], random: Any) -> None:
    rows = keyed(rows)
    other = list(rows)
    random.shuffle(other)
    assert compare(table(rows), table(other), key=("a",)).equal


@given(mutated(), st.sampled_from([{}, {"ordered": True}]))
def test_a_changed_cell_is_found(
    pair: tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]], how: dict[str, Any]
) -> None:
    found = compare(table(pair[0]), table(pair[1]), **how)
    assert not found.equal
    assert found.differences
    assert found.changed + found.only_left + found.only_right >= 1


@given(mutated(), st.data())
def test_a_changed_cell_is_found_by_key_in_its_place(
    pair: tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]], data: st.DataObject
) -> None:
    left, right = (keyed(rows) for rows in pair)
    changed = [
        place for place, rows in enumerate(zip(left, right, strict=True)) if exact(rows[0]) != exact(rows[1])
    ]
    assume(changed)
    order = data.draw(st.permutations(right))
    found = compare(table(left), table(order), key=("a",))
    assert (found.changed, found.only_left, found.only_right) == (1, 0, 0)
    assert {difference.key for difference in found.differences} == {(changed[0],)}


def mirrored(found: Comparison) -> tuple[Any, ...]:
    words = {"missing row": "extra row", "extra row": "missing row"}
    reasons = Counter({words.get(name, name): count for name, count in found.reasons})
    return found.equal, found.only_right, found.only_left, found.changed, reasons


@given(
    ROWS,
    ROWS,
    st.sampled_from([{}, {"ordered": True}, {"key": ("a",)}, {"key": ("a", "b"), "ordered": True}]),
)
def test_exchanged_sides_give_exchanged_findings(
    left: list[tuple[Any, ...]], right: list[tuple[Any, ...]], how: dict[str, Any]
) -> None:
    there, back = compare(table(left), table(right), **how), compare(table(right), table(left), **how)
    assert (
        there.equal,
        there.only_left,
        there.only_right,
        there.changed,
        Counter(dict(there.reasons)),
    ) == mirrored(back)


@given(ROWS, ROWS)
def test_counts_add_up(left: list[tuple[Any, ...]], right: list[tuple[Any, ...]]) -> None:
    found = compare(table(left), table(right))
    assert found.left_rows - found.only_left == found.right_rows - found.only_right
    assert found.equal == (Counter(map(exact, left)) == Counter(map(exact, right)))
    assert len(found.differences) == min(10, sum(count for _, count in found.reasons))


@given(CELLS, CELLS)
def test_every_difference_has_a_reason_from_both_sides(left: Any, right: Any) -> None:
    assume(exact(left) != exact(right))
    assert reason(left, right) == reason(right, left) != ""
