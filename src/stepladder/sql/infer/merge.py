"""MERGE: the raw tree to the typed one."""

from __future__ import annotations

from collections.abc import Sequence

from stepladder.errors import GroupingError, ProgrammingError, SqlSyntaxError
from stepladder.sql.infer import own_values
from stepladder.sql.infer.coercion import assign, boolean
from stepladder.sql.infer.context import BOOL, TEXT, UNKNOWN, Analysis, Item, Scope, refuse, wrong
from stepladder.sql.infer.expressions import expression
from stepladder.sql.infer.own_values import left_out
from stepladder.sql.infer.queries import read_with
from stepladder.sql.infer.raw import Raw, body_of
from stepladder.sql.infer.returning import of, returning
from stepladder.sql.infer.sources import find_table, read_from, table_item
from stepladder.sql.infer.tree import (
    Aggregate,
    Expression,
    Merge,
    MergeAction,
    Reference,
    TableSource,
    WindowCall,
    level,
)
from stepladder.sql.infer.writes import (
    alias_of,
    assignments,
    insert_columns,
    is_default,
    target_column,
)
from stepladder.sql.infer.written_views import Written

_WHEN = {
    "MERGE_WHEN_MATCHED": "MATCHED",
    "MERGE_WHEN_NOT_MATCHED_BY_TARGET": "NOT MATCHED",
    "MERGE_WHEN_NOT_MATCHED_BY_SOURCE": "NOT MATCHED BY SOURCE",
}


def merge(analysis: Analysis, body: Raw, scope: Scope) -> Merge:
    """MERGE. Raises ProgrammingError's classes."""
    ctes = read_with(analysis, body.get("withClause"), scope)
    target = find_table(analysis, body["relation"])
    if analysis.schema.kind(target.table) == "view":
        raise refuse("MERGE into a view", body["relation"].get("location"), instead="name its table")
    item = table_item(analysis, target, alias_of(body["relation"]))
    sources = Scope(ctes=scope.ctes)
    (source,) = read_from(analysis, [body["sourceRelation"]], sources)
    if any(each.alias == item.alias and each.by_name for each in sources.items):
        message = f'name "{item.alias}" specified more than once'
        raise wrong(ProgrammingError, message, body["relation"].get("location"), sqlstate="42712")
    sights = {
        "MATCHED": [item, *sources.items],
        "NOT MATCHED": sources.items,
        "NOT MATCHED BY SOURCE": [item],
    }
    both = Scope(items=sights["MATCHED"], ctes=scope.ctes, clause="JOIN conditions")
    action_id, old_id, new_id = analysis.new_id(), analysis.new_id(), analysis.new_id()
    return Merge(
        target=target,
        with_=ctes,
        source=source,
        on=_condition(analysis, body["joinCondition"], both),
        actions=_actions(analysis, body["mergeWhenClauses"], target, sights, scope),
        action_id=action_id,
        identity=_identity(analysis, target),
        old_id=old_id,
        new_id=new_id,
        returning=returning(
            analysis,
            body,
            Scope(items=[*sources.items, item], ctes=scope.ctes, merge_action=_merge_action(action_id)),
            Written(target, item),
            old=of(old_id),
            new=of(new_id),
        ),
    )


def _condition(analysis: Analysis, raw: Raw, scope: Scope) -> Expression:
    found = expression(analysis, raw, scope)
    if found.type not in (BOOL, UNKNOWN):
        raise refuse(f"MERGE ON a condition of type {found.type}", found.position, instead="a boolean one")
    return boolean(_of_rows(found, "JOIN conditions"), "JOIN/ON")


def _of_rows(node: Expression, clause: str) -> Expression:
    """The expression. Raises GroupingError for one that is over many rows."""
    for each in level(node):
        if isinstance(each, Aggregate):
            message = f"aggregate functions are not allowed in {clause}"
            raise wrong(GroupingError, message, each.position)
        if isinstance(each, WindowCall):
            message = f"window functions are not allowed in {clause}"
            raise wrong(ProgrammingError, message, each.position, sqlstate="42P20")
    return node


def _identity(analysis: Analysis, target: TableSource) -> str | None:
    definition = analysis.schema.definition(target.table)
    columns = definition.columns if definition else ()
    return next((column.name for column in columns if column.identity and column.sequence is None), None)


def _merge_action(source: int) -> Reference:
    return Reference(type=TEXT, source=source, place=0, name="merge_action")


def _actions(
    analysis: Analysis,
    nodes: Sequence[Raw],
    target: TableSource,
    sights: dict[str, list[Item]],
    scope: Scope,
) -> tuple[MergeAction, ...]:
    found: list[MergeAction] = []
    for node in nodes:
        body = node["MergeWhenClause"]
        when = _WHEN[body["matchKind"]]
        if any(each.when == when and each.condition is None for each in found):
            message = "unreachable WHEN clause specified after unconditional WHEN clause"
            raise wrong(SqlSyntaxError, message, None)
        inner = Scope(items=sights[when], ctes=scope.ctes, clause="MERGE WHEN conditions")
        condition = None
        if "condition" in body:
            test = _of_rows(expression(analysis, body["condition"], inner), inner.clause)
            condition = boolean(test, "WHEN")
        inner.clause = "UPDATE"
        found.append(_action(analysis, body, when, condition, target, inner))
    return tuple(found)


def _action(
    analysis: Analysis,
    body: Raw,
    when: str,
    condition: Expression | None,
    target: TableSource,
    scope: Scope,
) -> MergeAction:
    command = body["commandType"].removeprefix("CMD_")
    values: tuple[tuple[str, Expression], ...] = ()
    if command == "UPDATE":
        values = assignments(analysis, body["targetList"], scope, target)
    elif command == "INSERT":
        values = _inserted(analysis, body, target, scope)
    for _, value in values:
        _of_rows(value, scope.clause)
    return MergeAction(when=when, condition=condition, command=command, assignments=values)


def _inserted(
    analysis: Analysis, body: Raw, target: TableSource, scope: Scope
) -> tuple[tuple[str, Expression], ...]:
    """The values of a new row. A column that is left to its default is left out: SQLite fills it in."""
    names = insert_columns({"cols": body.get("targetList", ())}, target)
    given = body.get("values", ())
    if len(given) > len(names):
        position = body_of(given[len(names)]).get("location")
        raise wrong(SqlSyntaxError, "INSERT has more expressions than target columns", position)
    if given and len(given) < len(names) and body.get("targetList"):
        position = body["targetList"][len(given)]["ResTarget"].get("location")
        raise wrong(SqlSyntaxError, "INSERT has more target columns than expressions", position)
    scope.clause = "VALUES"
    found = tuple(
        (
            name,
            own_values.given(
                analysis,
                target.table,
                name,
                assign(expression(analysis, raw, scope), target_column(target, name, None).type, name),
            ),
        )
        for name, raw in zip(names, given, strict=False)
        if not is_default(raw)
    )
    dropped = left_out(analysis, target.table, [name for name, _ in found], body)
    found = tuple(each for each in found if each[0] not in dropped)
    if not found:
        raise refuse(
            "MERGE that inserts nothing but defaults", None, instead="name a column and write its value"
        )
    return found
