"""RETURNING: the row as it is now, `old` and `new`, and the form of a write that can answer all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stepladder.sql.infer.coercion import resolved
from stepladder.sql.infer.context import BOOL, INT4, Analysis, Item, Scope
from stepladder.sql.infer.queries import read_target
from stepladder.sql.infer.raw import Raw
from stepladder.sql.infer.tree import (
    Constant,
    CteSource,
    Delete,
    Expression,
    Join,
    Merge,
    MergeAction,
    Query,
    QuerySource,
    Reference,
    Select,
    Source,
    Target,
    Update,
    Write,
    leaves,
    walk,
)
from stepladder.sql.infer.written_views import Written
from stepladder.sql.types import Column

Row = Callable[[int, Column], Expression]  # a column of a row, by its place


def of(source: int) -> Row:
    """The rows of a source."""
    return lambda place, column: Reference(type=column.type, source=source, place=place, name=column.name)


def no_row(_: int, column: Column) -> Expression:
    """The row that is not there: `old` of an INSERT, `new` of a DELETE."""
    return Constant(type=column.type, value=None)


def returning(
    analysis: Analysis, body: Raw, scope: Scope, about: Written, *, old: Row, new: Row
) -> tuple[Target, ...]:
    """RETURNING's columns; `old` and `new` are in sight by name, unless a table beside has that one, or it is a view."""
    targets: Any = body.get("returningList", ())
    if not targets:
        return ()
    there = {item.alias for item in scope.items}
    for name, row in (("old", old), ("new", new)):
        if name not in there and about.view is None:
            columns = [(column.name, row(place, column)) for place, column in enumerate(about.target.columns)]
            scope.items.append(Item(name, columns, in_sight=False))
    scope.clause = "RETURNING"
    found = [target for each in targets for target in read_target(analysis, each["ResTarget"], scope)]
    return tuple(Target(name=target.name, value=resolved(target.value)) for target in found)


def needs_join(write: Write) -> bool:
    """Whether RETURNING asks for more than SQLite's has: the table's columns as they are now."""
    if not isinstance(write, Update | Delete):
        return False
    values = tuple(target.value for target in write.returning)
    beside = {write.old_id, *(leaf.id for source in write.sources for leaf in leaves(source))}
    if any(isinstance(node, Reference) and node.source in beside for node in walk(values)):
        return True
    return uses_row_inside(write)


def uses_row_inside(write: Write) -> bool:
    """Whether a subquery of RETURNING names the row, which it may hide, or a query of WITH."""
    queries = [node for target in write.returning for node in walk(target.value) if isinstance(node, Query)]
    return any(
        isinstance(node, CteSource) or (isinstance(node, Reference) and node.source == write.target.id)
        for query in queries
        for node in walk(query)
    )


def as_merge(analysis: Analysis, write: Write) -> Merge:
    """An UPDATE or DELETE as the MERGE that does the same: its rows are found before any is changed."""
    assert isinstance(write, Update | Delete)
    action = MergeAction(
        when="MATCHED",
        condition=None,
        command="UPDATE" if isinstance(write, Update) else "DELETE",
        assignments=write.assignments if isinstance(write, Update) else (),
    )
    definition = analysis.schema.definition(write.target.table)
    return Merge(
        target=write.target,
        with_=write.with_,
        returning=write.returning,
        old_id=write.old_id,
        source=_joined(write.sources) if write.sources else _one_row(analysis),
        on=write.where or Constant(type=BOOL, value=1),
        actions=(action,),
        action_id=analysis.new_id(),
        identity=next((each.name for each in definition.columns if each.identity), None)
        if definition
        else None,
        twice="pg_joined_once",
    )


def _joined(sources: Sequence[Source]) -> Source:
    found = sources[0]
    for each in sources[1:]:
        found = Join(kind="INNER", left=found, right=each, on=None)
    return found


def _one_row(analysis: Analysis) -> QuerySource:
    one = Target(name="one", value=Constant(type=INT4, value=1))
    return QuerySource(
        id=analysis.new_id(),
        query=Select(
            columns=(Column("one", INT4),),
            targets=(one,),
            sources=(),
            where=None,
            grouped=False,
            group=(),
            having=None,
            distinct=False,
            distinct_on=(),
        ),
    )
