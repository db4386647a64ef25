"""Two results: by key, as multisets, in order; columns, counts and words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from stepladder.compare import Comparison, Difference, Table, compare
from stepladder.errors import UndefinedColumn
from stepladder.sql import Column, parse_type

TYPES = {"id": "bigint", "city": "text", "total": "numeric"}


def table(*rows: tuple[Any, ...], columns: str = "id city total", **types: str) -> Table:
    spellings = TYPES | types
    return Table(tuple(Column(name, parse_type(spellings[name])) for name in columns.split()), rows)


def reasons(found: Comparison) -> dict[str, int]:
    return dict(found.reasons)


THREE = ((1, "Bonn", Decimal("1.0")), (2, "Kiel", Decimal("2.0")), (3, "Ulm", None))
CHANGED = (THREE[0], (2, "KIEL", Decimal("2.00")), THREE[2])


@pytest.mark.parametrize("how", [{}, {"key": ("id",)}, {"ordered": True}, {"key": ("id",), "ordered": True}])
def test_equal_results_are_equal_in_every_way(how: dict[str, Any]) -> None:
    found = compare(table(*THREE), table(*THREE), **how)
    assert found == Comparison(True, 3, 3, 0, 0, 0, (), ())
    assert found.lines() == ["All 3 rows agree."]


@pytest.mark.parametrize("how", [{}, {"key": ("id",)}, {"ordered": True}])
def test_a_changed_row_says_which_cells_and_why(how: dict[str, Any]) -> None:
    found = compare(table(*THREE), table(*CHANGED), **how)
    assert (found.changed, found.only_left, found.only_right) == (1, 0, 0)
    key = (2,) if "key" in how else None
    assert found.differences == (
        Difference(key, 2, "city", "Kiel", "KIEL", "case of letters"),
        Difference(key, 2, "total", Decimal("2.0"), Decimal("2.00"), "scale"),
    )


def test_the_words_of_a_changed_row() -> None:
    found = compare(table(*THREE), table(*CHANGED), key=("id",))
    assert found.lines("SQLite", "PostgreSQL") == [
        "1 row differs; of 3 SQLite and 3 PostgreSQL: case of letters (1), scale (1).",
        "key 2, city: SQLite 'Kiel', PostgreSQL 'KIEL' (case of letters)",
        "key 2, total: SQLite 2.0, PostgreSQL 2.00 (scale)",
    ]


def test_rows_of_one_side_only() -> None:
    found = compare(table(*THREE), table(*THREE[:2], (4, "Jena", None)), key=("id",))
    assert (found.changed, found.only_left, found.only_right) == (0, 1, 1)
    assert found.differences == (
        Difference((3,), 3, None, THREE[2], None, "missing row"),
        Difference((4,), 3, None, None, (4, "Jena", None), "extra row"),
    )
    assert found.lines()[1:] == [
        "key 3: only left has it: (3, 'Ulm', NULL) (missing row)",
        "key 4: only right has it: (4, 'Jena', NULL) (extra row)",
    ]


def test_multisets_count_their_rows() -> None:
    found = compare(table(THREE[0], THREE[0], THREE[1]), table(THREE[1], THREE[0]))
    assert (found.only_left, found.only_right, found.changed) == (1, 0, 0)


def test_a_key_of_another_type_is_still_found() -> None:
    left, right = table((1, "Bonn", None)), table((Decimal(1), "Bonn", None))
    found = compare(left, right, key=("id",))
    assert found.changed == 1
    assert found.differences[0].reason == "type"
    assert found.lines()[1] == "key 1, id: left 1 (int), right 1 (Decimal) (type)"


def test_a_key_that_is_there_twice_is_a_difference_though_the_rows_agree() -> None:
    twice = table(THREE[0], THREE[0])
    found = compare(twice, twice, key=("id",))
    assert not found.equal
    assert found.differences == (Difference((1,), 1, None, 2, 2, "duplicate key"),)
    assert "every row has its equal" in found.summary()


def test_a_doubled_key_on_one_side_leaves_a_row_over() -> None:
    found = compare(table(THREE[0], (1, "Bonn", None)), table(THREE[0]), key=("id",))
    assert reasons(found) == {"duplicate key": 1, "missing row": 1}
    assert found.only_left == 1


def test_null_keys_belong_together() -> None:
    found = compare(table((None, "Bonn", None)), table((None, "Kiel", None)), key=("id",))
    assert (found.changed, reasons(found)) == (1, {"value": 1})


def test_another_order_counts_only_where_order_is_asked_for() -> None:
    swapped = table(THREE[1], THREE[0], THREE[2])
    assert compare(table(*THREE), swapped).equal
    found = compare(table(*THREE), swapped, ordered=True)
    assert (found.changed, reasons(found)) == (2, {"order": 2})


def test_keys_in_another_order_are_one_finding() -> None:
    swapped = table(THREE[1], THREE[0], THREE[2])
    assert compare(table(*THREE), swapped, key=("id",)).equal
    found = compare(table(*THREE), swapped, key=("id",), ordered=True)
    assert not found.equal
    assert reasons(found) == {"order": 1}


def test_a_row_put_in_is_one_finding_in_an_order() -> None:
    found = compare(table(*THREE), table(THREE[0], (9, "Jena", None), *THREE[1:]), ordered=True)
    assert (found.changed, found.only_left, found.only_right) == (0, 0, 1)
    assert found.differences[0].row == 2


def test_a_single_row_of_a_single_column_is_compared_by_value() -> None:
    found = compare(table((1,), columns="id"), table((2,), columns="id"))
    assert (found.changed, reasons(found)) == (1, {"value": 1})


def test_types_of_columns_count_and_rows_are_compared_all_the_same() -> None:
    found = compare(table(*THREE), table(*CHANGED, city="character varying"), key=("id",))
    assert found.differences[0].reason == "column type"
    assert found.differences[0].column == "city"
    assert reasons(found) == {"case of letters": 1, "column type": 1, "scale": 1}


def test_columns_in_another_place_are_compared_by_name() -> None:
    moved = table(*((city, id_, total) for id_, city, total in THREE), columns="city id total")
    found = compare(table(*THREE), moved, key=("id",))
    assert reasons(found) == {"column position": 2}
    assert (found.changed, found.only_left) == (0, 0)
    assert found.lines()[1] == "column id: left 1, right 2 (column position)"


def test_a_missing_column_leaves_the_others_to_compare() -> None:
    found = compare(table(*THREE), table(*(row[1:] for row in CHANGED), columns="city total"))
    assert reasons(found) == {"case of letters": 1, "missing column": 1, "scale": 1}


def test_no_common_column_means_nothing_compared() -> None:
    found = compare(table((1,), columns="id"), table(("x",), columns="city"))
    assert not found.equal
    assert not found.compared
    assert (
        found.summary()
        == "The columns differ, so no rows were compared: extra column (1), missing column (1)."
    )


def test_doubled_names_in_another_order_are_not_equal() -> None:
    left, right = (
        table((1, "a", 1, "b"), columns="id city id city"),
        table(("a", 1, "b", 1), columns="city id city id"),
    )
    found = compare(left, right)
    assert not found.equal
    assert reasons(found) == {"column position": 4}


def test_doubled_names_in_one_order_are_compared_by_position() -> None:
    left, right = table((1, 2), columns="id id"), table((1, 3), columns="id id")
    assert compare(left, left).equal
    assert compare(left, right).changed == 1


def test_no_rows_and_no_columns() -> None:
    assert compare(table(), table()).summary() == "Both are empty, with the same columns."
    assert compare(table(columns=""), table(columns="")).equal
    assert not compare(table((), columns=""), table(columns="")).equal


def test_an_empty_result_is_not_equal_to_rows() -> None:
    found = compare(table(), table(*THREE))
    assert (found.only_right, found.equal) == (3, False)
    assert found.summary() == "3 rows only right; of 0 left and 3 right: extra row (3)."


def test_a_key_that_nobody_has() -> None:
    with pytest.raises(UndefinedColumn, match="'nope' is in neither"):
        compare(table(*THREE), table(*THREE), key=("nope",))


def test_ten_differences_are_kept_and_all_are_counted() -> None:
    left = table(*((n, "a", None) for n in range(25)))
    right = table(*((n, "A", None) for n in range(25)))
    found = compare(left, right, key=("id",))
    assert (len(found.differences), found.changed, reasons(found)) == (10, 25, {"case of letters": 25})
    assert found.lines()[-1] == "and 15 more"


def test_long_values_are_cut_in_words_only() -> None:
    found = compare(table((1, "a" * 500, None)), table((1, "b" * 500, None)), key=("id",))
    assert len(found.lines()[1]) < 200
    assert found.differences[0].left == "a" * 500


def test_a_row_that_one_side_has_more_often() -> None:
    found = compare(table(THREE[0], THREE[0], THREE[1]), table(THREE[0], THREE[1], THREE[1], THREE[1]))
    assert reasons(found) == {"duplicate row": 3}
    assert found.lines("SQLite", "PostgreSQL")[1:] == [
        "row 2: SQLite has it once more: (1, 'Bonn', 1.0) (duplicate row)",
        "row 3: PostgreSQL has it once more: (2, 'Kiel', 2.0) (duplicate row)",
        "row 4: PostgreSQL has it once more: (2, 'Kiel', 2.0) (duplicate row)",
    ]


def test_as_many_differences_as_are_asked_for() -> None:
    rows = [(place, "Bonn", None) for place in range(30)]
    found = compare(table(*rows), table(), keep=20)
    assert len(found.differences) == 20
    assert reasons(found) == {"missing row": 30}
