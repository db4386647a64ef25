"""What is marked as slow, on trees made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from stepladder.db.explain.advice import advise
from stepladder.db.explain.plan import Node, Slow, numbered


def scan(**given: Any) -> Node:
    known: dict[str, Any] = {"table": "orders", "table_rows": 100_000, "index_columns": ("user_id",)}
    return Node(**({"operation": "scan"} | known | given))


def slow(root: Node, *, sorts_by_scan: bool = False) -> tuple[Slow, ...]:
    return advise(numbered(root), sorts_by_scan=sorts_by_scan)


def remedies(root: Node, *, sorts_by_scan: bool = False) -> list[str]:
    return [each.remedy for each in slow(root, sorts_by_scan=sorts_by_scan)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"filter": "a = 1", "share": 0.01}, ["CREATE INDEX ON orders (user_id)"]),
        ({"filter": "a = 1", "share": 0.01, "table": 'app."Odd"', "index_columns": ("Odd", "user")},
         ['CREATE INDEX ON app."Odd" ("Odd", "user")']),
        ({"filter": "a = 1", "share": 0.01, "has_index": True}, ["ANALYZE orders"]),
        ({"filter": "a = 1", "share": 0.5}, []),
        ({"filter": "a = 1", "share": None}, []),
        ({"filter": None, "share": None}, []),
        ({"filter": "a = 1", "share": 0.01, "table_rows": 9_000}, []),
        ({"filter": "a = 1", "share": 0.01, "operation": "index search"}, []),
    ],
)  # fmt: skip
def test_a_scan_that_keeps_little(given: dict[str, Any], expected: list[str]) -> None:
    assert remedies(scan(**given)) == expected


def test_what_was_measured_counts_more_than_the_estimate() -> None:
    measured = {"filter": "a = 1", "actual_rows": 90_000.0, "removed": 10_000.0, "loops": 1, "rows": 90_000.0}
    assert remedies(scan(share=0.001, **measured)) == []
    measured |= {"actual_rows": 10.0, "removed": 99_990.0, "rows": 10.0}
    assert remedies(scan(share=0.9, **measured)) == ["CREATE INDEX ON orders (user_id)"]


def test_a_condition_that_no_index_serves_is_said() -> None:
    (found,) = slow(scan(filter="lower(note) = 'x'", share=0.001, index_columns=()))
    assert "index the expression" in found.remedy


def test_a_nested_loop_over_an_unindexed_side() -> None:
    outer = Node(operation="index search", table="users", rows=500)
    loop = Node(operation="nested loop", children=(outer, scan(filter="o.user_id = u.id")))
    (found,) = slow(loop)
    assert (found.node.number, found.remedy) == (3, "CREATE INDEX ON orders (user_id)")
    assert "500 times" in found.reason
    few = Node(operation="nested loop", children=(Node(operation="index search", rows=3), scan()))
    assert slow(few) == ()
    hashed = Node(operation="hash", children=(scan(),))
    assert slow(Node(operation="nested loop", children=(outer, hashed))) == ()


def test_through_what_stands_between() -> None:
    outer = Node(operation="scan", table="users", rows=500, table_rows=500)
    inner = Node(operation="materialize", children=(scan(filter="o.user_id = u.id"),))
    assert remedies(Node(operation="nested loop", children=(outer, inner))) == [
        "CREATE INDEX ON orders (user_id)"
    ]


def test_an_automatic_index() -> None:
    assert remedies(scan(operation="automatic index")) == ["CREATE INDEX ON orders (user_id)"]
    assert remedies(scan(operation="automatic index", table_rows=100)) == []


def test_what_went_to_disk() -> None:
    for operation in ("sort", "group", "hash"):
        assert remedies(Node(operation=operation, spilled_kb=30_000)) == ["SET work_mem = '128MB'"]
    assert remedies(Node(operation="sort", spilled_kb=100)) == ["SET work_mem = '8MB'"]
    assert remedies(Node(operation="sort", spilled_kb=None)) == []


def test_a_large_sort_where_the_engine_does_not_say_its_size() -> None:
    sort = Node(operation="sort", keys=("user_id",), index_columns=("user_id",), children=(scan(),))
    assert remedies(sort) == []
    assert remedies(sort, sorts_by_scan=True) == ["CREATE INDEX ON orders (user_id)"]
    grouped = Node(operation="sort", children=(Node(operation="group", children=(scan(),)),))
    assert [each.node.operation for each in slow(grouped, sorts_by_scan=True)] == ["group"]
    small = Node(operation="sort", children=(scan(table_rows=500),))
    assert slow(small, sorts_by_scan=True) == ()


def off(rows: float, actual: float, **given: Any) -> Node:
    return scan(**({"rows": rows, "actual_rows": actual, "loops": 1, "removed": 0.0} | given))


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        (off(5, 5000), ["ANALYZE orders"]),
        (off(5000, 5), ["ANALYZE orders"]),
        (off(5000, 4000), []),
        (off(1, 50), []),  # far off, and no matter
        (off(5000, 0, loops=0), []),  # never run
        (Node(operation="limit", children=(off(5000, 5),)), []),  # stopped early
        (Node(operation="limit", children=(off(5, 5000),)), ["ANALYZE orders"]),
        (Node(operation="limit", children=(Node(operation="sort", children=(off(5000, 5),)),)), ["ANALYZE orders"]),
        (Node(operation="sort", rows=5, actual_rows=5000, loops=1), []),  # it passes on what it gets
        (Node(operation="hash join", rows=5, actual_rows=5000, loops=1, children=(off(5, 5000),)), ["ANALYZE orders"]),
        (off(5, 5000, table="d", table_rows=None), ["ANALYZE"]),  # of WITH: no table
    ],
)  # fmt: skip
def test_an_estimate_that_is_off(root: Node, expected: list[str]) -> None:
    assert remedies(root) == expected
