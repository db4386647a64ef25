"""GROUP BY's list as sets of keys: ROLLUP, CUBE, GROUPING SETS and their product."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, combinations, product

from stepladder.errors import ProgrammingError
from stepladder.sql.infer.context import refuse, wrong
from stepladder.sql.infer.raw import Raw, body_of, kind_of
from stepladder.sql.infer.tree import Expression

Key = Callable[[Raw], Expression]
Set = tuple[Expression, ...]
_MOST = 4096  # PostgreSQL's limit


def has_sets(nodes: Sequence[Raw]) -> bool:
    """Whether a GROUP BY is more than a list of keys."""
    return any(kind_of(node) == "GroupingSet" for node in nodes)


def sets_of(nodes: Sequence[Raw], key: Key, *, distinct: bool) -> tuple[Set, ...]:
    """The sets that a GROUP BY stands for; each element multiplies them. `distinct` drops repeated ones."""
    elements = [_sets(node, key) for node in nodes]
    count = 1
    for element in elements:
        count *= len(element)
    if count > _MOST:
        message = f"too many grouping sets present (maximum {_MOST})"
        raise wrong(ProgrammingError, message, None, sqlstate="54001")
    found = [_joined(each) for each in product(*elements)]
    if not distinct:
        return tuple(found)
    return tuple({frozenset(each): each for each in reversed(found)}.values())


def _joined(sets: Sequence[Set]) -> Set:
    return tuple(dict.fromkeys(chain.from_iterable(sets)))


def _sets(node: Raw, key: Key) -> list[Set]:
    if kind_of(node) == "RowExpr":
        return [tuple(key(each) for each in row_keys(node))]
    if kind_of(node) != "GroupingSet":
        return [(key(node),)]
    body = body_of(node)
    inner = [_sets(each, key) for each in body.get("content", ())]
    kind = body.get("kind", "GROUPING_SET_EMPTY")
    if kind == "GROUPING_SET_EMPTY":
        return [()]
    if kind == "GROUPING_SET_SETS":
        return [each for element in inner for each in element]
    units = [_joined(element) for element in inner]
    sizes = range(len(units), -1, -1)
    if kind == "GROUPING_SET_ROLLUP":
        return [_joined(units[:size]) for size in sizes]
    if kind == "GROUPING_SET_CUBE":
        if len(units) > 12:
            raise wrong(
                ProgrammingError, "CUBE is limited to 12 elements", body.get("location"), sqlstate="54011"
            )
        return [_joined(each) for size in sizes for each in combinations(units, size)]
    raise refuse("this grouping set", body.get("location"))


def row_keys(node: Raw) -> Sequence[Raw]:
    """The keys of `(a, b)` in GROUP BY."""
    body = body_of(node)
    if body.get("row_format") != "COERCE_IMPLICIT_CAST":
        raise refuse("grouping by ROW(…)", body.get("location"), instead="group by its columns")
    found: Sequence[Raw] = body.get("args", ())
    return found
