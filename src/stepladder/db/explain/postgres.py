"""PostgreSQL's plan (EXPLAIN in JSON) as our value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stepladder.db.explain.advice import advise
from stepladder.db.explain.plan import Node, Plan, numbered
from stepladder.sql import TableName, comparisons, index_columns

Sizes = Mapping[tuple[str, str], tuple[float, tuple[tuple[str, ...], ...]]]
"""(schema, table) -> its rows as estimated, and its indexes' columns."""

# What the plan's tables hold, by the statistics; by the file's size where none were ever taken (60 bytes a row).
SIZES = """
SELECT n.nspname::text, c.relname::text,
    CASE WHEN c.reltuples >= 0 THEN c.reltuples::float8 ELSE pg_relation_size(c.oid) / 60.0::float8 END,
    (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL
WHERE c.relname = ANY (:names) AND n.nspname = ANY (:schemas)
"""
_WORDS = {
    "Seq Scan": "scan", "Sample Scan": "scan", "Bitmap Heap Scan": "bitmap search", "Tid Scan": "row search",
    "Bitmap Index Scan": "bitmap", "BitmapAnd": "bitmap and", "BitmapOr": "bitmap or", "Aggregate": "group",
    "Group": "group", "WindowAgg": "window", "Unique": "distinct", "Incremental Sort": "sort", "CTE Scan": "scan",
    "Subquery Scan": "subquery", "Function Scan": "function", "Values Scan": "values", "Merge Append": "append",
    "SetOp": "set operation", "HashSetOp": "set operation", "Recursive Union": "recursive union",
    "Gather Merge": "gather", "Foreign Scan": "foreign scan", "LockRows": "lock rows",
}  # fmt: skip


def read_sizes(rows: Sequence[tuple[Any, ...]]) -> Sizes:
    """SIZES' rows, one a table."""
    found: dict[tuple[str, str], tuple[float, tuple[tuple[str, ...], ...]]] = {}
    for schema, name, count, index in rows:
        _, indexes = found.get((schema, name), (0.0, ()))
        found[schema, name] = (float(count), (*indexes, tuple(index)) if index else indexes)
    return found


def tables(document: Any) -> set[tuple[str, str]]:
    """(schema, table) of every table in a plan."""
    return _tables(document[0]["Plan"])


def _tables(body: Mapping[str, Any]) -> set[tuple[str, str]]:
    own = {(body.get("Schema", "public"), body["Relation Name"])} if "Relation Name" in body else set()
    return own.union(*(_tables(each) for each in body.get("Plans", ())))


def read_plan(document: Any, sizes: Sizes, *, analyzed: bool) -> Plan:
    """The plan of EXPLAIN (FORMAT JSON, VERBOSE), with ANALYZE where `analyzed`."""
    (found,) = document
    root = numbered(_Reader(sizes).node(found["Plan"], ()))
    return Plan(
        engine="PostgreSQL",
        root=root,
        slow=advise(root, sorts_by_scan=False),
        analyzed=analyzed,
        milliseconds=found.get("Execution Time"),
        rows=_rows(found["Plan"]) if analyzed else None,
    )


def _rows(body: Mapping[str, Any]) -> int:
    """Rows that the statement returned, or wrote."""
    if body["Node Type"] != "ModifyTable" or body["Actual Rows"]:
        return _of_all_loops(body)
    return sum(map(_of_all_loops, body.get("Plans", ()))) - int(body.get("Conflicting Tuples", 0))


def _of_all_loops(body: Mapping[str, Any]) -> int:
    return round(float(body["Actual Rows"]) * int(body["Actual Loops"]))


class _Reader:
    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes

    def node(self, body: Mapping[str, Any], joined: tuple[str, ...]) -> Node:
        """A node and those below it. `joined` are the join filters that nested loops above apply to its rows."""
        mine = (*joined, body["Join Filter"]) if "Join Filter" in body else joined
        loop = body["Node Type"] in ("Nested Loop", "Materialize", "Memoize")
        children = tuple(self._child(body, each, mine if loop else ()) for each in body.get("Plans", ()))
        loops = body.get("Actual Loops")
        size, indexes = self._sizes.get((body.get("Schema", ""), body.get("Relation Name", "")), (None, ()))
        rows = float(body["Plan Rows"])
        columns = _index_columns(body, joined)
        keys = body.get("Sort Key") or body.get("Group Key") or ()
        return Node(
            operation=_operation(body),
            table=_table(body),
            alias=_alias(body),
            index=body.get("Index Name"),
            condition=_condition(body),
            filter=body.get("Filter") or body.get("Join Filter"),
            keys=tuple(keys),
            detail=_detail(body),
            rows=rows,
            cost=float(body["Total Cost"]),
            actual_rows=body.get("Actual Rows"),
            loops=loops,
            milliseconds=None if loops is None else round(body.get("Actual Total Time", 0.0) * loops, 3),
            removed=body.get("Rows Removed by Filter"),
            spilled_kb=_spilled(body),
            table_rows=size,
            share=min(1.0, rows / size) if size and body.get("Filter") else None,
            index_columns=columns,
            has_index=bool(columns) and any(index[0] == columns[0] for index in indexes),
            children=children,
        )

    def _child(self, parent: Mapping[str, Any], body: Mapping[str, Any], joined: tuple[str, ...]) -> Node:
        node = self.node(body, joined)
        name = body.get("Subplan Name")
        if name is None:
            return node
        said = str({key: value for key, value in parent.items() if key != "Plans"})
        once = body["Parent Relationship"] == "InitPlan" or f"hashed {name}" in said
        return Node(operation="subquery" if once else "subquery for each row", detail=name, children=(node,))


def _operation(body: Mapping[str, Any]) -> str:
    kind = body["Node Type"]
    if kind == "ModifyTable":
        return str(body["Operation"]).lower()
    if kind in ("Index Scan", "Index Only Scan"):
        return "index search" if "Index Cond" in body else "index scan"
    return _WORDS.get(kind) or kind.lower()


def _table(body: Mapping[str, Any]) -> str | None:
    if "Relation Name" in body:
        schema = body.get("Schema", "public")
        own = schema == "public" or schema.startswith("pg_temp")
        return TableName(None if own else schema, body["Relation Name"]).sql
    name = body.get("CTE Name") or body.get("Function Name")
    return None if name is None else str(name)


def _alias(body: Mapping[str, Any]) -> str | None:
    alias, name = body.get("Alias"), body.get("Relation Name") or body.get("CTE Name")
    return None if alias == name or name is None else alias


def _condition(body: Mapping[str, Any]) -> str | None:
    return (
        body.get("Index Cond") or body.get("Recheck Cond") or body.get("Hash Cond") or body.get("Merge Cond")
    )


def _detail(body: Mapping[str, Any]) -> str | None:
    words = [body["Join Type"].lower()] if body.get("Join Type", "Inner") != "Inner" else []
    words += ["in parallel"] if body.get("Workers Planned") else []
    words += ["index only"] if body["Node Type"] == "Index Only Scan" else []
    return ", ".join(words) or None


def _spilled(body: Mapping[str, Any]) -> int | None:
    if body.get("Sort Space Type") == "Disk":
        return int(body["Sort Space Used"])
    if body.get("Disk Usage"):
        return int(body["Disk Usage"])
    if body["Node Type"] == "Hash" and body.get("Hash Batches", 1) > 1:
        return int(body["Peak Memory Usage"] * (body["Hash Batches"] - 1))
    return None


def _index_columns(body: Mapping[str, Any], joined: tuple[str, ...]) -> tuple[str, ...]:
    """The columns by which an index would find the rows that are kept."""
    if "Relation Name" not in body:
        return ()
    asked = [body["Filter"]] if "Filter" in body else []
    names = (body.get("Alias"), None)
    found = [each for text in (*asked, *joined) for each in comparisons(text) if each.source in names]
    return index_columns(found)
