"""GROUPING SETS as a union of plain groupings, and HAVING over one group that has no aggregates.

The rows that are grouped become a materialized query of WITH; each set of keys is a grouping of it, in which the
keys of the other sets are NULL; around their union stand the targets, HAVING as WHERE, the order and the limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from stepladder.sql.infer.context import INT8, refuse
from stepladder.sql.infer.tree import (
    Aggregate,
    Constant,
    Cte,
    CteSource,
    Expression,
    Grouping,
    Query,
    QuerySource,
    Reference,
    Select,
    SetOperation,
    Target,
    WindowCall,
    children,
    walk,
)
from stepladder.sql.types import Column, Type

NewId = Callable[[], int]
_ROWS = Aggregate(type=INT8, name="count", arguments=(), distinct=False, filter=None, order=())


def needs_expansion(query: Select) -> bool:
    """Whether SQLite lacks the form: sets; one group without an aggregate in the output; aggregates below."""
    if query.sets:
        return True
    if not query.grouped:
        return False
    own = _sources(query)
    parts = (query.targets, query.having, query.order, query.distinct_on)
    found = set(_of_this_level(parts, own))
    here = set(_of_this_level(parts, set()))
    if found - here:
        return True
    if query.group:
        return False
    listed = (query.targets, query.order)
    # Beside HAVING, an aggregate in a window's call is none for SQLite.
    return not any(
        isinstance(node, Aggregate)
        for node in (walk(listed) if query.having is None else _outside_windows(listed))
    )


def _outside_windows(node: Any) -> Iterator[Any]:
    """A node and all below, but for calls over windows."""
    if isinstance(node, tuple):
        for each in node:
            yield from _outside_windows(each)
    elif not isinstance(node, WindowCall):
        yield node
        for child in children(node):
            yield from _outside_windows(child)


def expanded(query: Select, new_id: NewId) -> Select:
    """The query without grouping sets."""
    sets = query.sets or (query.group,)
    keys = query.group
    for key in keys:
        if query.sets and (isinstance(key, Constant) or any(isinstance(node, Query) for node in walk(key))):
            raise refuse("a constant or a subquery in GROUPING SETS", key.position)
    outside = (query.targets, query.having, query.order, query.distinct_on)
    own = _sources(query)
    inner = tuple(dict.fromkeys(_of_this_level(outside, own)))
    rest = tuple(dict.fromkeys(_rest(outside, {*keys, *inner}, own)))
    base, base_map = _base(query, (*keys, *rest, *inner), own, new_id)
    columns = (*keys, *rest, *inner, _ROWS)
    branches = [_branch((*each, *rest), each, columns, base, base_map, new_id) for each in sets]
    union = QuerySource(id=new_id(), query=_union(branches, new_id))
    mapping = {
        node: Reference(type=node.type, source=union.id, place=place, name="")
        for place, node in enumerate(columns[:-1])
    }
    return replace(
        query, with_=(*query.with_, base), targets=substituted(query.targets, mapping), sources=(union,),
        where=substituted(query.having, mapping), grouped=False, group=(), sets=(), having=None,
        order=substituted(query.order, mapping), distinct_on=substituted(query.distinct_on, mapping),
    )  # fmt: skip


def _sources(query: Select) -> set[int]:
    """The ids of the query's own sources."""
    found: set[int] = set()

    def note(node: Any) -> None:
        if hasattr(node, "id"):
            found.add(node.id)
        if not isinstance(node, Query):
            for child in children(node):
                note(child)

    for source in query.sources:
        note(source)
    return found


def _references(node: Any) -> set[int]:
    return {each.source for each in walk(node) if isinstance(each, Reference)}


def _of_this_level(node: Any, own: set[int], *, below: bool = False) -> Iterator[Expression]:
    """The aggregates and GROUPING()s that belong to this query; those of its subqueries stay."""
    if isinstance(node, tuple):
        for each in node:
            yield from _of_this_level(each, own, below=below)
        return
    if node is None:
        return
    if isinstance(node, Grouping):
        yield node
        return
    if isinstance(node, Aggregate):
        used = _references(node)
        if not below or (used and used <= own):
            yield node
            return
    for child in children(node):
        yield from _of_this_level(child, own, below=below or isinstance(child, Query))


def _rest(node: Any, known: set[Expression], own: set[int]) -> Iterator[Expression]:
    """Columns that are neither grouped nor aggregated: they depend on the keys of every set."""
    if isinstance(node, tuple):
        for each in node:
            yield from _rest(each, known, own)
        return
    if node is None or (isinstance(node, Expression) and node in known):
        return
    if isinstance(node, Reference) and node.source in own:
        yield node
        return
    for child in children(node):
        yield from _rest(child, known, own)


def _base(
    query: Select, nodes: Sequence[Expression], own: set[int], new_id: NewId
) -> tuple[Cte, dict[Expression, int]]:
    """The rows that are grouped, and where each column of theirs stands."""
    used: dict[Expression, int] = {}
    for node in walk(tuple(nodes)):
        if isinstance(node, Reference) and node.source in own:
            used.setdefault(node, len(used))
    targets = tuple(Target(name="", value=node) for node in used) or (
        Target(name="", value=Constant(type=Type("int4"), value=1)),
    )
    rows = Select(
        columns=_columns(targets), targets=targets, sources=query.sources, where=query.where,
        grouped=False, group=(), having=None, distinct=False, distinct_on=(),
    )  # fmt: skip
    return Cte(id=new_id(), name="", query=rows, materialized=True), used


def _columns(targets: Sequence[Target]) -> tuple[Column, ...]:
    return tuple(Column(target.name, target.value.type) for target in targets)


def _branch(
    group: Sequence[Expression], present: Sequence[Expression], columns: Sequence[Expression],
    base: Cte, places: Mapping[Expression, int], new_id: NewId,
) -> Select:  # fmt: skip
    """One grouping: its keys, NULL for those of other sets, and the aggregates."""
    source = CteSource(id=new_id(), cte=base.id, columns=base.query.columns)
    mapping = {
        node: Reference(type=node.type, source=source.id, place=place, name="")
        for node, place in places.items()
    }
    aggregates = (Aggregate, Grouping)
    values = [
        _grouping(node, present)
        if isinstance(node, Grouping)
        else node
        if node in group or isinstance(node, aggregates)
        else Constant(type=node.type, value=None)
        for node in columns
    ]
    targets = tuple(Target(name="", value=substituted(value, mapping)) for value in values)
    return Select(
        columns=_columns(targets), targets=targets, sources=(source,), where=None, grouped=True,
        group=substituted(tuple(group), mapping), having=None, distinct=False, distinct_on=(),
    )  # fmt: skip


def _grouping(node: Grouping, present: Sequence[Expression]) -> Constant:
    """A bit for each argument: 1 where the set lacks it."""
    bits = "".join("0" if each in present else "1" for each in node.arguments)
    return Constant(type=node.type, value=int(bits, 2))


def _union(branches: Sequence[Query], new_id: NewId) -> Query:
    """UNION ALL of all, as a balanced tree: SQLite's parser does not go deep."""
    if len(branches) == 1:
        return branches[0]
    half = len(branches) // 2
    left, right = _union(branches[:half], new_id), _union(branches[half:], new_id)
    left_id, right_id = new_id(), new_id()
    casts = [
        tuple(
            Reference(type=column.type, source=source, place=place, name="")
            for place, column in enumerate(left.columns)
        )
        for source in (left_id, right_id)
    ]
    return SetOperation(
        columns=left.columns, word="UNION", all=True, left=left, right=right, id=new_id(),
        casts_left=casts[0], casts_right=casts[1], left_id=left_id, right_id=right_id,
    )  # fmt: skip


def substituted(node: Any, mapping: Mapping[Any, Expression]) -> Any:
    """A tree with some of its expressions replaced."""
    if isinstance(node, tuple):
        return tuple(substituted(each, mapping) for each in node)
    if not is_dataclass(node) or isinstance(node, Type | Column):
        return node
    if isinstance(node, Expression) and node in mapping:
        return mapping[node]
    changes = {}
    for each in fields(node):
        before = getattr(node, each.name)
        after = substituted(before, mapping)
        if after is not before:
            changes[each.name] = after
    return replace(node, **changes) if changes else node  # type: ignore[type-var]
