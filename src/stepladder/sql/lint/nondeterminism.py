"""What chance decides: rows and values that an order would have to pick, and none does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stepladder.sql.infer.context import Schema
from stepladder.sql.infer.tree import (
    Aggregate,
    Call,
    Constant,
    Expression,
    Logic,
    Query,
    Reference,
    Select,
    Source,
    Subquery,
    TableSource,
    Update,
    WindowCall,
    Write,
    leaves,
    walk,
)
from stepladder.sql.lint.warning import Warned, place_of

_COLLECTED = (
    "array_agg", "string_agg", "json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg", "xmlagg",
    "json_agg_strict", "jsonb_agg_strict",
)  # fmt: skip
_NUMBERED = ("row_number", "lag", "lead", "first_value", "last_value", "nth_value", "ntile")
_RANDOM = ("random", "random_normal", "gen_random_uuid", "uuidv4", "uuidv7", "uuid_generate_v4")
_KIND = "nondeterministic"


def nondeterminism(tree: Query | Write, schema: Schema) -> Iterator[Warned]:
    """Every place where two runs, or two engines, may rightly give different answers."""
    exempt = {id(node.query) for node in walk(tree) if isinstance(node, Subquery) and node.word == "exists"}
    for node in walk(tree):
        if isinstance(node, Query) and id(node) not in exempt:
            yield from _query(node)
        elif isinstance(node, Aggregate | WindowCall):
            yield from _call(node)
        elif isinstance(node, Call) and node.name in _RANDOM:
            yield Warned(
                place_of(node), _KIND, f"{node.name}() gives other values each time", "no two runs agree",
                "take a value of the row, or a hash of its key",
            )  # fmt: skip
        elif isinstance(node, Update) and node.sources:
            yield from _update(node, schema)


def _query(node: Query) -> Iterator[Warned]:
    if (node.limit is not None or node.offset is not None) and not node.order and not _is_one_row(node):
        limit = node.limit if node.limit is not None else node.offset
        yield Warned(
            place_of(limit), _KIND, "LIMIT or OFFSET without ORDER BY",
            "which rows come first is the engine's choice", "sort by a key: ORDER BY id",
        )  # fmt: skip
    if isinstance(node, Select) and node.distinct_on and not node.order:
        yield Warned(
            place_of(node.distinct_on[0]), _KIND, "DISTINCT ON without ORDER BY",
            "which row of each group stays is the engine's choice",
            "sort by these columns, and then by what picks the row",
        )  # fmt: skip


def _is_one_row(node: Query) -> bool:
    return isinstance(node, Select) and (
        not node.sources or (node.grouped and not node.group and not node.sets)
    )


def _call(node: Aggregate | WindowCall) -> Iterator[Warned]:
    if isinstance(node, WindowCall) and node.name in _NUMBERED and not node.order:
        yield Warned(
            place_of(node), _KIND, f"{node.name}() over a window without ORDER BY",
            "which row comes first is the engine's choice", "OVER (… ORDER BY a key)",
        )  # fmt: skip
    if isinstance(node, Aggregate) and node.name in _COLLECTED and not node.order and not node.distinct:
        yield Warned(
            place_of(node), _KIND, f"{node.name}() without ORDER BY",
            "the elements come in the order in which the engine reads the rows",
            f"{node.name}(… ORDER BY a key)",
        )  # fmt: skip


def _update(node: Update, schema: Schema) -> Iterator[Warned]:
    """UPDATE … FROM where several rows of FROM may fit one row of the table."""
    equal = _equated(node.where)
    for source in node.sources:
        for leaf in leaves(source):
            if not _at_most_one(leaf, equal, schema):
                yield Warned(
                    place_of(node.where) if node.where is not None else None, _KIND,
                    "UPDATE … FROM may find several rows for one",
                    "which of them is taken is the engine's choice",
                    "join by a unique key of it, or group it by the join's columns first",
                )  # fmt: skip
                return


def _at_most_one(source: Source, equal: set[tuple[int, str]], schema: Schema) -> bool:
    if isinstance(source, TableSource):
        return any(all((source.id, name) in equal for name in key) for key in schema.keys(source.table))
    query = getattr(source, "query", None)
    if not isinstance(query, Select):
        return False
    if _is_one_row(query):
        return True
    unique = query.distinct_on or query.group
    names = {target.value: target.name for target in query.targets}
    return bool(unique) and all((getattr(source, "id", 0), names.get(each, "")) in equal for each in unique)


def _equated(where: Any) -> set[tuple[int, str]]:
    """The columns that WHERE holds to one value for each row."""
    found: set[tuple[int, str]] = set()
    for each in _conjuncts(where):
        if isinstance(each, Call) and each.operator and len(each.arguments) == 2 and "eq" in each.name:
            left, right = (_column(side) for side in each.arguments)
            found |= {
                side
                for side, other in ((left, right), (right, left))
                if side and (not other or side[0] != other[0])
            }
    return found


def _column(node: Expression) -> tuple[int, str] | None:
    while not isinstance(node, Reference | Constant) and hasattr(node, "argument"):
        node = node.argument
    return (node.source, node.name) if isinstance(node, Reference) else None


def _conjuncts(node: Any) -> Iterator[Any]:
    if isinstance(node, Logic) and node.word == "AND":
        for each in node.arguments:
            yield from _conjuncts(each)
    elif node is not None:
        yield node
