"""SELECT, VALUES, UNION and their kin, WITH: raw trees to typed ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from stepladder.errors import (
    AmbiguousColumn,
    GroupingError,
    ProgrammingError,
    SqlSyntaxError,
    UndefinedFunction,
    UndefinedTable,
)
from stepladder.sql.infer.catalog import catalog
from stepladder.sql.infer.coercion import boolean, coerce, common_type, resolved
from stepladder.sql.infer.context import UNKNOWN, Analysis, Item, Scope, refuse, wrong
from stepladder.sql.infer.expressions import expression, expressions, find_item
from stepladder.sql.infer.grouping import check_groups
from stepladder.sql.infer.grouping_sets import has_sets, sets_of
from stepladder.sql.infer.limits import check_locking, limits
from stepladder.sql.infer.naming import column_name
from stepladder.sql.infer.ordering import order
from stepladder.sql.infer.raw import Raw, body_of, integer_constant, kind_of, strings
from stepladder.sql.infer.recursion import in_order, mentioned, recursive_cte
from stepladder.sql.infer.set_returning import with_sets
from stepladder.sql.infer.sources import cte_named, read_from
from stepladder.sql.infer.tree import (
    Aggregate,
    Constant,
    Cte,
    Expression,
    Grouping,
    Order,
    Query,
    Reference,
    Select,
    SetOperation,
    Target,
    Values,
    WindowCall,
    level,
)
from stepladder.sql.infer.types import catalog_name
from stepladder.sql.infer.windows import named_windows
from stepladder.sql.types import Column

_MATERIALIZED = {"CTEMaterializeAlways": True, "CTEMaterializeNever": False}


def query(analysis: Analysis, node: Raw, scope: Scope, *, keep_unknown: bool = False) -> Query:
    """A query; `scope` is its own, new level. `keep_unknown` leaves literals of a branch of UNION untyped."""
    if kind_of(node) != "SelectStmt":
        raise refuse(f"{kind_of(node)} as a query", body_of(node).get("location"))
    body = body_of(node)
    return select_body(analysis, body, scope, keep_unknown=keep_unknown)


def select_body(analysis: Analysis, body: Raw, scope: Scope, *, keep_unknown: bool = False) -> Query:
    """A SelectStmt's body: any of its three forms."""
    ctes = read_with(analysis, body.get("withClause"), scope)
    if body.get("op", "SETOP_NONE") != "SETOP_NONE":
        check_locking(body, scope, None)
        return _set_operation(analysis, body, scope, ctes)
    if body.get("valuesLists"):
        return _values(analysis, body, scope, ctes)
    return _plain(analysis, body, scope, ctes, keep_unknown=keep_unknown)


def read_with(analysis: Analysis, clause: Raw | None, scope: Scope) -> tuple[Cte, ...]:
    """WITH's queries in order; each is put into `scope`."""
    if not clause:
        return ()
    found = []
    recursive = bool(clause.get("recursive"))
    bodies = [each["CommonTableExpr"] for each in clause["ctes"]]
    _refuse_same_names(bodies)
    for body in in_order(bodies) if recursive else bodies:
        if recursive and mentioned(body["ctequery"], body["ctename"]):
            cte = recursive_cte(analysis, body, scope, _untyped_branch)
            scope.ctes[cte.name] = cte
            found.append(cte)
            continue
        inner = _cte_query(analysis, body, scope)
        materialized = _MATERIALIZED.get(body.get("ctematerialized", ""))
        cte = Cte(id=analysis.new_id(), name=body["ctename"], query=inner, materialized=materialized)
        cte = cte_named(cte, strings(body.get("aliascolnames")), body.get("location"))
        scope.ctes[cte.name] = cte
        found.append(cte)
    return tuple(found)


def _cte_query(analysis: Analysis, body: Raw, scope: Scope) -> Query:
    if kind_of(body["ctequery"]) == "SelectStmt" or analysis.write is None:
        return query(analysis, body["ctequery"], Scope(scope))
    if scope.parent is not None:
        message = "WITH clause containing a data-modifying statement must be at the top level"
        raise wrong(ProgrammingError, message, body.get("location"), sqlstate="0A000")
    return analysis.write(analysis, body["ctequery"], Scope(ctes=dict(scope.ctes)))


def _refuse_same_names(bodies: Sequence[Raw]) -> None:
    names = [body["ctename"] for body in bodies]
    for place, name in enumerate(names):
        if name in names[:place]:
            message = f'WITH query name "{name}" specified more than once'
            raise wrong(ProgrammingError, message, bodies[place].get("location"), sqlstate="42712")


def _untyped_branch(analysis: Analysis, body: Raw, scope: Scope) -> Query:
    """A term of a recursive query: it sees `scope`'s queries of WITH."""
    return select_body(analysis, body, Scope(scope), keep_unknown=bool(scope.ctes))


# -- a plain SELECT
def _plain(
    analysis: Analysis, body: Raw, scope: Scope, ctes: tuple[Cte, ...], *, keep_unknown: bool
) -> Query:
    if "intoClause" in body:
        raise refuse("SELECT … INTO", None, instead="write CREATE TABLE … AS SELECT")
    sources = read_from(analysis, body.get("fromClause"), scope)
    scope.windows = named_windows(body.get("windowClause", ()))
    # DISTINCT compares, and makes text of what is still unknown.
    keep_unknown = keep_unknown and "distinctClause" not in body
    targets = _targets(analysis, body.get("targetList"), scope, keep_unknown=keep_unknown)
    where = _condition(analysis, body, "whereClause", "WHERE", scope)
    having = _condition(analysis, body, "havingClause", "HAVING", scope)
    order_ = _order(analysis, body, scope, targets)
    group, sets = _groups(analysis, body, scope, targets)
    on = _distinct_on(analysis, body, scope, targets)
    grouped = (
        bool(group or sets)
        or having is not None
        or scope.aggregated
        or _has_aggregates([*targets, *order_, *on])
    )
    if grouped:
        values = [target.value for target in targets] + [key.key for key in order_] + [*on]
        check_groups(values + ([having] if having else []), group, scope, sets)
    distinct = "distinctClause" in body
    if distinct:
        _check_distinct(targets, order_, on)
    found = Select(
        columns=tuple(Column(target.name, target.value.type) for target in targets),
        with_=ctes,
        order=order_,
        **limits(analysis, body, scope),
        targets=targets,
        sources=sources,
        where=where,
        grouped=grouped,
        group=group,
        having=having,
        distinct=distinct,
        distinct_on=on,
        sets=sets,
    )
    check_locking(body, scope, found)
    return with_sets(analysis, found)


def _condition(analysis: Analysis, body: Raw, word: str, clause: str, scope: Scope) -> Expression | None:
    if word not in body:
        return None
    return boolean(_in_clause(analysis, body[word], scope, clause), clause)


def _in_clause(analysis: Analysis, node: Raw, scope: Scope, clause: str) -> Expression:
    outer, scope.clause = scope.clause, clause
    found = expression(analysis, node, scope)
    scope.clause = outer
    return found


def _targets(
    analysis: Analysis, nodes: Sequence[Raw] | None, scope: Scope, *, keep_unknown: bool
) -> tuple[Target, ...]:
    return tuple(
        target if keep_unknown else Target(name=target.name, value=resolved(target.value))
        for node in nodes or ()
        for target in read_target(analysis, node["ResTarget"], scope)
    )


def read_target(analysis: Analysis, body: Raw, scope: Scope) -> list[Target]:
    """One entry of an output list; a star is several."""
    value = body["val"]
    fields = body_of(value).get("fields", ()) if kind_of(value) == "ColumnRef" else ()
    if fields and "A_Star" in fields[-1]:
        return _star(strings(fields), scope, body_of(value).get("location"))
    return [
        Target(
            name=body.get("name") or column_name(value, analysis.parameter_type),
            value=expression(analysis, value, scope),
        )
    ]


def _star(names: Sequence[str], scope: Scope, position: int | None) -> list[Target]:
    if not names:
        if not scope.items:
            raise wrong(SqlSyntaxError, "SELECT * with no tables specified is not valid", position)
        columns = [column for item in scope.items if item.in_sight for column in item.columns]
    else:
        item = find_item(names[-1], scope, position)
        if item is None:
            raise wrong(UndefinedTable, f'missing FROM-clause entry for table "{names[-1]}"', position)
        columns = item.columns
    return [Target(name=name, value=value) for name, value in columns]


def _has_aggregates(nodes: Iterable[object]) -> bool:
    return any(isinstance(node, Aggregate | Grouping) for each in nodes for node in level(each))


# -- GROUP BY, ORDER BY, DISTINCT
def _output(node: Raw, targets: Sequence[Target], scope: Scope, *, clause: str) -> Expression | None:
    """The output column that a name or a position means; None for an expression over the input."""
    place, position = integer_constant(node), body_of(node).get("location")
    if place is not None:
        if not 1 <= place <= len(targets):
            message = f"{clause} position {place} is not in select list"
            raise wrong(ProgrammingError, message, position, sqlstate="42P10")
        return targets[place - 1].value
    if kind_of(node) == "A_Const":
        raise wrong(SqlSyntaxError, f"non-integer constant in {clause}", position)
    names = strings(body_of(node).get("fields")) if kind_of(node) == "ColumnRef" else []
    if len(names) != 1 or len(body_of(node)["fields"]) != 1:
        return None
    if clause == "GROUP BY" and any(
        name == names[0] for item in scope.items if item.in_sight for name, _ in item.columns
    ):
        return None
    hits = {target.value for target in targets if target.name == names[0]}
    if len(hits) > 1:
        raise wrong(AmbiguousColumn, f'{clause} "{names[0]}" is ambiguous', position)
    return next(iter(hits), None)


def _order(analysis: Analysis, body: Raw, scope: Scope, targets: Sequence[Target]) -> tuple[Order, ...]:
    found = []
    for each in body.get("sortClause", ()):
        sort = each["SortBy"]
        key = _output(sort["node"], targets, scope, clause="ORDER BY")
        key = key if key is not None else resolved(_in_clause(analysis, sort["node"], scope, "ORDER BY"))
        found.append(order(_comparable(key, "ordering"), sort))
    return tuple(found)


def _comparable(node: Expression, what: str) -> Expression:
    if not catalog().orderable(catalog_name(node.type)):
        message = f"could not identify an {what} operator for type {node.type}"
        raise wrong(UndefinedFunction, message, node.position)
    return node


def _groups(
    analysis: Analysis, body: Raw, scope: Scope, targets: Sequence[Target]
) -> tuple[tuple[Expression, ...], tuple[tuple[Expression, ...], ...]]:
    """All keys of GROUP BY, and the sets of them where it has GROUPING SETS."""
    nodes = body.get("groupClause", ())
    found = sets_of(
        nodes,
        lambda node: _group_key(analysis, node, scope, targets),
        distinct=bool(body.get("groupDistinct")),
    )
    keys = tuple(dict.fromkeys(key for each in found for key in each))
    return keys, found if has_sets(nodes) else ()


def _group_key(analysis: Analysis, node: Raw, scope: Scope, targets: Sequence[Target]) -> Expression:
    key = _output(node, targets, scope, clause="GROUP BY")
    key = key if key is not None else resolved(_in_clause(analysis, node, scope, "GROUP BY"))
    for inside in level(key):
        if isinstance(inside, Aggregate | Grouping):
            raise wrong(GroupingError, "aggregate functions are not allowed in GROUP BY", inside.position)
        if isinstance(inside, WindowCall):
            message = "window functions are not allowed in GROUP BY"
            raise wrong(ProgrammingError, message, inside.position, sqlstate="42P20")
    return _comparable(key, "equality")


def _distinct_on(
    analysis: Analysis, body: Raw, scope: Scope, targets: Sequence[Target]
) -> tuple[Expression, ...]:
    found: list[Expression] = []
    for node in body.get("distinctClause", ()):
        if not node:
            continue
        key = _output(node, targets, scope, clause="DISTINCT ON")
        found.append(key if key is not None else resolved(_in_clause(analysis, node, scope, "DISTINCT ON")))
    return tuple(found)


def _check_distinct(targets: Sequence[Target], order_: Sequence[Order], on: Sequence[Expression]) -> None:
    keys = [each.key for each in order_]
    if on:
        first = set(keys[: len(on)])
        if keys and not (first <= set(on) or set(on) <= set(keys)):
            message = "SELECT DISTINCT ON expressions must match initial ORDER BY expressions"
            raise wrong(ProgrammingError, message, on[0].position, sqlstate="42P10")
        return
    for target in targets:
        _comparable(target.value, "equality")
    values = {target.value for target in targets}
    for key in keys:
        if key not in values:
            message = "for SELECT DISTINCT, ORDER BY expressions must appear in select list"
            raise wrong(ProgrammingError, message, key.position, sqlstate="42P10")


# -- UNION and its kin, VALUES
def _set_operation(analysis: Analysis, body: Raw, scope: Scope, ctes: tuple[Cte, ...]) -> Query:
    word = str(body["op"]).removeprefix("SETOP_")
    left, right = (_branch(analysis, body[side], scope) for side in ("larg", "rarg"))
    if len(left.columns) != len(right.columns):
        message = f"each {word} query must have the same number of columns"
        raise wrong(SqlSyntaxError, message, _first_position(right))
    left_id, right_id, own = analysis.new_id(), analysis.new_id(), analysis.new_id()
    columns, casts = [], []
    for place, one in enumerate(left.columns):
        sides = (_branch_value(left, left_id, place), _branch_value(right, right_id, place))
        type_ = common_type(sides, word)
        columns.append(Column(one.name, type_))
        casts.append(tuple(coerce(side, type_) for side in sides))
        if not body.get("all"):
            _comparable(casts[-1][0], "equality")
    found = SetOperation(
        columns=tuple(columns), with_=ctes, word=word, all=bool(body.get("all")), left=left, right=right, id=own,
        casts_left=tuple(pair[0] for pair in casts), casts_right=tuple(pair[1] for pair in casts),
        left_id=left_id, right_id=right_id,
        **limits(analysis, body, scope),
    )  # fmt: skip
    return _with_order(analysis, body, scope, found, own)


def _branch(analysis: Analysis, body: Raw, scope: Scope) -> Query:
    return select_body(analysis, body, Scope(Scope(scope.parent, ctes=scope.ctes)), keep_unknown=True)


def _branch_value(branch: Query, source: int, place: int) -> Expression:
    """A branch's column: the literal itself where its type is still unknown, else a reference to it."""
    column = branch.columns[place]
    if column.type == UNKNOWN:
        if isinstance(branch, Select):
            return branch.targets[place].value
        if isinstance(branch, Values) and len(branch.rows) == 1:
            return branch.rows[0][place]
        raise refuse("a literal without a type in this UNION", None, instead="cast it")
    if isinstance(branch, Select):
        value = branch.targets[place].value
        if isinstance(value, Constant) and value.value is None:
            return value  # a NULL has no scale and no width
    return Reference(type=column.type, source=source, place=place, name=column.name)


def _first_position(branch: Query) -> int | None:
    return branch.targets[0].value.position if isinstance(branch, Select) and branch.targets else None


def _with_order(analysis: Analysis, body: Raw, scope: Scope, found: SetOperation | Values, own: int) -> Query:
    """ORDER BY over a set operation or VALUES sees the output's names only."""
    references = [
        Reference(type=column.type, source=own, place=place, name=column.name)
        for place, column in enumerate(found.columns)
    ]
    targets = [
        Target(name=column.name, value=value) for column, value in zip(found.columns, references, strict=True)
    ]
    item = Item(None, [(target.name, target.value) for target in targets], by_name=False)
    keys = _order(analysis, body, Scope(scope.parent, [item], scope.ctes), targets)
    if isinstance(found, SetOperation) and any(not isinstance(key.key, Reference) for key in keys):
        message = (
            f"invalid {found.word}/INTERSECT/EXCEPT ORDER BY clause: only result column names can be used"
        )
        raise wrong(ProgrammingError, message, keys[0].key.position, sqlstate="0A000")
    return replace(found, order=keys)


def _values(analysis: Analysis, body: Raw, scope: Scope, ctes: tuple[Cte, ...]) -> Query:
    scope.clause = "VALUES"
    rows = [expressions(analysis, each["List"]["items"], scope) for each in body["valuesLists"]]
    if len({len(row) for row in rows}) > 1:
        raise wrong(SqlSyntaxError, "VALUES lists must all be the same length", rows[-1][0].position)
    types = [common_type(column, "VALUES") for column in zip(*rows, strict=True)]
    typed = tuple(tuple(coerce(node, type_) for node, type_ in zip(row, types, strict=True)) for row in rows)
    columns = tuple(Column(f"column{place}", type_) for place, type_ in enumerate(types, 1))
    own = analysis.new_id()
    found = Values(
        columns=columns, with_=ctes, rows=typed, id=own,
        **limits(analysis, body, scope),
    )  # fmt: skip
    return _with_order(analysis, body, scope, found, own)
