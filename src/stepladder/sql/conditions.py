"""What a condition compares: the bare columns by which an index could find its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from stepladder.errors import Error
from stepladder.sql.infer.raw import Raw, body_of, kind_of, strings
from stepladder.sql.parameters import numbered
from stepladder.sql.parse import deep, parse

_RANGES = ("<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A bare column that is compared with a value, or with something of another source.

    `source` is the name or alias that stands before the column, None where none does; `equal` is = or IN, else it
    is a range.
    """

    source: str | None
    column: str
    equal: bool


def comparisons(condition: str) -> tuple[Comparison, ...]:
    """The comparisons that AND joins in the text of a condition; none where the text cannot be read."""
    try:
        with deep():
            (tree,) = parse(numbered(f"SELECT WHERE {condition}"))
    except (Error, ValueError):
        return ()  # a server's plan may say what no statement can: (hashed SubPlan 1)
    return tuple(found for part in _parts(body_of(tree)["whereClause"]) for found in _compared(part))


def index_columns(found: Iterable[Comparison]) -> tuple[str, ...]:
    """The columns of the index that would serve them: those compared by = first, then one range."""
    given = list(found)
    equal = list(dict.fromkeys(each.column for each in given if each.equal))
    ranges = [each.column for each in given if not each.equal and each.column not in equal]
    return (*equal, *ranges[:1])


def _parts(node: Raw) -> Iterator[Raw]:
    body = body_of(node)
    if kind_of(node) == "BoolExpr" and body["boolop"] == "AND_EXPR":
        for each in body["args"]:
            yield from _parts(each)
    else:
        yield node


def _compared(node: Raw) -> Iterator[Comparison]:
    kind, body = kind_of(node), body_of(node)
    if kind == "NullTest" and body.get("nulltesttype") == "IS_NULL":
        yield from _column(body["arg"], equal=True)
    elif kind == "A_Expr" and body.get("lexpr"):
        symbol = strings(body["name"])[-1]
        if body["kind"] in ("AEXPR_OP_ANY", "AEXPR_IN") and symbol == "=":
            yield from _column(body["lexpr"], equal=True)
        elif body["kind"] == "AEXPR_OP" and symbol in ("=", *_RANGES):
            left, right = body["lexpr"], body["rexpr"]
            for one, other in ((left, right), (right, left)):
                for found in _column(one, equal=symbol == "="):
                    # A column that is compared with another of its own row is found by no index.
                    if found.source not in _sources(other):
                        yield found


def _column(node: Raw, *, equal: bool) -> Iterator[Comparison]:
    kind, body = kind_of(node), body_of(node)
    if kind == "TypeCast" and strings(body["typeName"]["names"])[-1] in ("text", "bpchar"):
        # A server shows varchar compared as text: the index is the column's all the same.
        yield from _column(body["arg"], equal=equal)
    elif kind == "ColumnRef":
        names = strings(body["fields"])
        if names and len(names) == len(body["fields"]):
            yield Comparison(names[-2] if len(names) > 1 else None, names[-1], equal)


def _sources(node: Any) -> set[str | None]:
    """The names before the columns anywhere in an expression."""
    if isinstance(node, list):
        return {name for each in node for name in _sources(each)}
    if not isinstance(node, dict):
        return set()
    if "ColumnRef" in node:
        names = strings(node["ColumnRef"]["fields"])
        return {names[-2] if len(names) > 1 else None}
    return {name for each in node.values() for name in _sources(each)}
