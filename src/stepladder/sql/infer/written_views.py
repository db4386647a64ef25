"""What a write is about: a table; or a view that shows one table's rows, whose columns then stand for the table's.

PostgreSQL writes through a view over one table or view, without grouping, DISTINCT, limits, WITH and the like
(the manual's CREATE VIEW, "Updatable Views").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stepladder.errors import DatabaseError, UndefinedColumn
from stepladder.sql.infer.coercion import boolean
from stepladder.sql.infer.context import BOOL, Analysis, Item, Scope, refuse, wrong
from stepladder.sql.infer.expressions import expression
from stepladder.sql.infer.queries import read_target
from stepladder.sql.infer.raw import Raw, body_of, kind_of
from stepladder.sql.infer.sources import find_table, table_item, table_name
from stepladder.sql.infer.tree import (
    Aggregate,
    Expression,
    Logic,
    Reference,
    SetCall,
    TableSource,
    Target,
    WindowCall,
    level,
)
from stepladder.sql.names import TableName
from stepladder.sql.parse import parse_one

_CLAUSES = (  # in PostgreSQL's order
    ("distinctClause", "DISTINCT"),
    ("groupClause", "GROUP BY"),
    ("havingClause", "HAVING"),
    ("larg", "UNION, INTERSECT, or EXCEPT"),
    ("withClause", "WITH"),
    ("limitCount", "LIMIT or OFFSET"),
    ("limitOffset", "LIMIT or OFFSET"),
)
_CANNOT = {"INSERT": "insert into", "UPDATE": "update", "DELETE": "delete from"}


@dataclass(frozen=True, slots=True)
class Written:
    """The table that is written, what is in sight of it, and which of its rows. `names` are a view's columns, with the
    names of the table's that they are; None for one that is computed."""

    target: TableSource
    item: Item
    where: Expression | None = None
    view: TableName | None = None
    names: Mapping[str, str | None] | None = None

    def narrowed(self, where: Expression | None) -> Expression | None:
        """A write's condition with the view's own."""
        parts = tuple(part for part in (self.where, where) if part is not None)
        return (
            parts[0] if len(parts) == 1 else Logic(type=BOOL, word="AND", arguments=parts) if parts else None
        )

    def columns(self, nodes: Sequence[Raw], verb: str) -> Sequence[Raw]:
        """The ResTargets of INSERT's or UPDATE's columns, with the table's names."""
        return nodes if self.names is None else [self._column(node, verb) for node in nodes]

    def every_column(self) -> Sequence[Raw]:
        """The columns of an INSERT that names none, as ResTargets; none for a table's."""
        if self.names is None:
            return ()
        if None in self.names.values():
            raise refuse(
                "an INSERT without columns into a view with computed ones", None, instead="name the columns"
            )
        return [{"ResTarget": {"name": name}} for name in self.names.values()]

    def _column(self, node: Raw, verb: str) -> Raw:
        body = node["ResTarget"]
        name, position = body["name"], body.get("location")
        assert self.names is not None
        assert self.view is not None
        if name not in self.names:
            message = f'column "{name}" of relation "{self.view.name}" does not exist'
            raise wrong(UndefinedColumn, message, position)
        if self.names[name] is None:
            message = (
                f'cannot {_CANNOT[verb]} column "{name}" of view "{self.view.name}"\n'
                "View columns that are not columns of their base relation are not updatable."
            )
            raise wrong(DatabaseError, message, None, sqlstate="0A000")
        return {"ResTarget": {**body, "name": self.names[name]}}


def written(analysis: Analysis, relation: Raw, alias: str, verb: str) -> Written:
    """What an INSERT, UPDATE or DELETE is about. Raises UndefinedTable; DatabaseError (55000) for a view that cannot be
    written through."""
    name = table_name(relation)
    if analysis.schema.kind(name) != "view":
        target = find_table(analysis, relation)
        return Written(target, table_item(analysis, target, alias))
    definition = analysis.schema.definition(name)
    if definition is None or definition.query is None:
        raise refuse(
            f"writing through the view {name.sql}, of which no query is recorded",
            relation.get("location"),
            instead="write into its table, or make the view anew: CREATE OR REPLACE VIEW",
        )
    _, tree = parse_one(definition.query)
    select = body_of(body_of(tree)["query"])
    reason = _reason(select)
    if reason is not None:
        raise _cannot(name, verb, reason)
    base_name: Raw = {"schemaname": "public", **body_of(select["fromClause"][0])}
    base = written(analysis, base_name, _alias(base_name), verb)
    scope = Scope(items=[base.item])
    targets = [
        each for node in select["targetList"] for each in read_target(analysis, node["ResTarget"], scope)
    ]
    reason = _computed(targets)
    if reason is not None:
        raise _cannot(name, verb, reason)
    where = None
    if "whereClause" in select:
        where = boolean(expression(analysis, select["whereClause"], Scope(items=[base.item])), "WHERE")
    shown = [(column.name, target.value) for column, target in zip(definition.columns, targets, strict=False)]
    names = {column: _name(value, base.target) for column, value in shown}
    if verb != "DELETE" and not any(names.values()):
        raise _cannot(name, verb, "Views that have no updatable columns are not automatically updatable.")
    return Written(base.target, Item(alias, shown), base.narrowed(where), name, names)


def _alias(relation: Raw) -> str:
    return str(relation.get("alias", {}).get("aliasname", relation["relname"]))


def _name(value: Expression, base: TableSource) -> str | None:
    return value.name if isinstance(value, Reference) and value.source == base.id else None


def _reason(select: Raw) -> str | None:
    """Why nothing can be written through the query, as far as its clauses say."""
    for clause, words in _CLAUSES:
        if select.get(clause):
            return f"Views containing {words} are not automatically updatable."
    sources = select.get("fromClause", ())
    if len(sources) != 1 or kind_of(sources[0]) != "RangeVar":
        return "Views that do not select from a single table or view are not automatically updatable."
    return None


def _computed(targets: Sequence[Target]) -> str | None:
    """The same of its columns."""
    kinds: tuple[tuple[type[Any], str], ...] = (
        (Aggregate, "aggregate functions"),
        (WindowCall, "window functions"),
        (SetCall, "set-returning functions"),
    )
    for kind, words in kinds:
        if any(isinstance(node, kind) for target in targets for node in level(target.value)):
            return f"Views that return {words} are not automatically updatable."
    return None


def _cannot(view: TableName, verb: str, reason: str) -> DatabaseError:
    message = f'cannot {_CANNOT[verb]} view "{view.name}"\n{reason}'
    return wrong(DatabaseError, message, None, sqlstate="55000")
