"""Expressions: one function a kind of raw node, each giving a typed one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from stepladder.errors import (
    AmbiguousColumn,
    DatatypeMismatch,
    GroupingError,
    ProgrammingError,
    SqlSyntaxError,
    UndefinedColumn,
    UndefinedTable,
)
from stepladder.sql.infer.calls import call_function
from stepladder.sql.infer.catalog import EXPLICIT, catalog
from stepladder.sql.infer.coercion import boolean, coerce, common_type, modified, resolved, unify
from stepladder.sql.infer.context import (
    BOOL,
    INT4,
    NUMERIC,
    TEXT,
    UNKNOWN,
    Analysis,
    Item,
    Scope,
    refuse,
    wrong,
)
from stepladder.sql.infer.operators import apply, choose_operator, distinct, null_test, operation
from stepladder.sql.infer.ordered_sets import ordered_set
from stepladder.sql.infer.raw import Raw, body_of, kind_of, strings
from stepladder.sql.infer.subqueries import in_query, quantified, row_beside, scalar
from stepladder.sql.infer.tree import (
    AnyAll,
    ArrayOf,
    BooleanTest,
    Call,
    Case,
    Coalesce,
    Constant,
    Expression,
    Extreme,
    Grouping,
    InList,
    Logic,
    NullIf,
    Parameter,
    Query,
    Reference,
    Row,
    Subquery,
    Subscript,
    walk,
)
from stepladder.sql.infer.types import catalog_name, from_catalog, type_of_name
from stepladder.sql.names import SYSTEM_COLUMNS
from stepladder.sql.numerals import numeric_text, parse_numeric, scale_of
from stepladder.sql.types import Type, integer_type


def expression(analysis: Analysis, node: Raw, scope: Scope) -> Expression:
    """The typed form of `node`. Raises ProgrammingError's classes, and NotPortable for a kind without a rule."""
    rule = _RULES.get(kind_of(node))
    if rule is None:
        raise refuse(f"the construct {kind_of(node)}", body_of(node).get("location"))
    return rule(analysis, body_of(node), scope)


def expressions(analysis: Analysis, nodes: Sequence[Raw] | None, scope: Scope) -> tuple[Expression, ...]:
    """The typed forms of several nodes."""
    return tuple(expression(analysis, node, scope) for node in nodes or ())


# -- literals
def _constant(_: Analysis, body: Raw, __: Scope) -> Expression:
    position = body.get("location")
    if "ival" in body:
        return Constant(type=INT4, position=position, value=int(body["ival"].get("ival", 0)))
    if "boolval" in body:
        return Constant(type=BOOL, position=position, value=int(body["boolval"].get("boolval", False)))
    if "fval" in body:
        return _number(body["fval"].get("fval", "0"), position)
    if "sval" in body:
        return Constant(type=UNKNOWN, position=position, value=body["sval"].get("sval", ""))
    if body.get("isnull"):
        return Constant(type=UNKNOWN, position=position, value=None)
    raise refuse("a bit string", position)


def _number(text: str, position: int | None) -> Expression:
    try:
        value = (
            int(text.replace("_", ""), 0) if text.lstrip("-")[:2].lower() in ("0x", "0o", "0b") else int(text)
        )
    except ValueError:
        number = parse_numeric(text)
        type_ = Type("numeric", scale=scale_of(number))
        return Constant(type=type_, position=position, value=numeric_text(number))
    type_ = integer_type(value)
    if type_ == NUMERIC:
        return Constant(type=Type("numeric", scale=0), position=position, value=numeric_text(Decimal(value)))
    return Constant(type=type_, position=position, value=value)


def _parameter(analysis: Analysis, body: Raw, _: Scope) -> Expression:
    name = analysis.names[body.get("number", 1) - 1]
    return Parameter(type=analysis.parameter_type(body), position=body.get("location"), name=name)


# -- names
def _reference(_: Analysis, body: Raw, scope: Scope) -> Expression:
    names = strings(body["fields"])
    position = body.get("location")
    if len(names) < len(body["fields"]):
        if not names:
            raise refuse("* as a value", position)
        return _whole_row(names[-1], scope, position)
    found = _by_table(names, scope, position) if len(names) > 1 else _by_name(names[0], scope, position)
    return _placed(found, position)


def _placed(node: Expression, position: int | None) -> Expression:
    if isinstance(node, Reference):
        return Reference(
            type=node.type, position=position, source=node.source, place=node.place, name=node.name
        )
    return node


def _by_name(name: str, scope: Scope, position: int | None) -> Expression:
    for level in scope.levels():
        hits = [
            value for item in level.items if item.in_sight for column, value in item.columns if column == name
        ]
        if len(hits) > 1:
            raise wrong(AmbiguousColumn, f'column reference "{name}" is ambiguous', position)
        if hits:
            return hits[0]
    item = find_item(name, scope, position)
    if item is not None:
        return item.row or _whole_row(name, scope, position)
    _refuse_system_column(name, [item for level in scope.levels() for item in level.items], position)
    raise wrong(UndefinedColumn, f'column "{name}" does not exist', position)


def _by_table(names: list[str], scope: Scope, position: int | None) -> Expression:
    item = find_item(names[-2], scope, position)
    if item is None:
        raise wrong(UndefinedTable, f'missing FROM-clause entry for table "{names[-2]}"', position)
    hits = [value for column, value in item.columns if column == names[-1]]
    if len(hits) > 1:
        raise wrong(AmbiguousColumn, f'column reference "{names[-1]}" is ambiguous', position)
    if not hits:
        _refuse_system_column(names[-1], [item], position)
        raise wrong(UndefinedColumn, f"column {names[-2]}.{names[-1]} does not exist", position)
    return hits[0]


def _refuse_system_column(name: str, items: Sequence[Item], position: int | None) -> None:
    if name in SYSTEM_COLUMNS and any(item.is_table for item in items):
        instead = {
            "ctid": "tell the rows apart by a key, or by row_number()",
            "xmax": "merge_action() in MERGE's RETURNING, or old.… IS NULL, say whether a row was there",
        }
        raise refuse(f"the system column {name}", position, instead=instead.get(name, ""))


def find_item(alias: str, scope: Scope, position: int | None) -> Item | None:
    """The thing in FROM that is called `alias`, innermost query first."""
    for level in scope.levels():
        hits = [item for item in level.items if item.by_name and item.alias == alias]
        if len(hits) > 1:
            raise wrong(
                AmbiguousColumn, f'table reference "{alias}" is ambiguous', position, sqlstate="42P09"
            )
        if hits:
            return hits[0]
    return None


# -- operators
def _operation(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    rule = _OPERATIONS.get(body["kind"])
    if rule is None:
        raise refuse(f"the construct {body['kind']}", body.get("location"))
    return rule(analysis, body, scope)


def _operator_name(body: Raw) -> str:
    return strings(body["name"])[-1]


def _plain(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    if kind_of(body.get("lexpr")) == "RowExpr" and kind_of(body["rexpr"]) == "SubLink":
        return _row_beside(analysis, body, scope)
    sides = [expression(analysis, body[side], scope) for side in ("lexpr", "rexpr") if side in body]
    return operation(_operator_name(body), sides, body.get("location"))


def _row_beside(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    left = expression(analysis, body["lexpr"], scope)
    link = body["rexpr"]["SubLink"]
    if link["subLinkType"] != "EXPR_SUBLINK":
        raise refuse("this kind of subquery beside a row", link.get("location"))
    query = analysis.query(analysis, link["subselect"], Scope(scope))
    return row_beside(analysis, left, _operator_name(body), query, body.get("location"))


def _distinct(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    left, right = (expression(analysis, body[side], scope) for side in ("lexpr", "rexpr"))
    negated = body["kind"] == "AEXPR_NOT_DISTINCT"
    return distinct(left, right, body.get("location"), negated=negated)


def _null_if(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    sides = [expression(analysis, body[side], scope) for side in ("lexpr", "rexpr")]
    equal = apply("=", sides, body.get("location"))
    value = equal.arguments[0]
    return NullIf(type=value.type, position=body.get("location"), value=value, equal=equal)


def _in(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    position = body.get("location")
    left = expression(analysis, body["lexpr"], scope)
    items = expressions(analysis, body["rexpr"]["List"]["items"], scope)
    negated = _operator_name(body) == "<>"
    fixed = [item for item in items if not _uses_columns(item) and not isinstance(item, Row)]
    type_ = catalog().common([catalog_name(node.type) for node in (left, *fixed)]) if len(fixed) > 1 else None
    fits = type_ is not None and catalog().can_coerce(
        [catalog_name(node.type) for node in fixed], [type_] * len(fixed)
    )
    if type_ is not None and fits and len(fixed) == len(items):
        target = from_catalog(type_)
        apply("=", (left, Constant(type=target, value=None)), position)
        if left.type.bare == target or left.type == UNKNOWN:
            same = tuple(coerce(item, target) for item in items)
            return InList(
                type=BOOL, position=position, left=coerce(left, target), items=same, negated=negated
            )
    word = "AND" if negated else "OR"
    tests = tuple(
        boolean(operation("<>" if negated else "=", (left, item), position), word) for item in items
    )
    return tests[0] if len(tests) == 1 else Logic(type=BOOL, position=position, word=word, arguments=tests)


def _uses_columns(node: Expression) -> bool:
    return any(isinstance(each, Reference) for each in walk(node))


def _between(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    position = body.get("location")
    left = expression(analysis, body["lexpr"], scope)
    low, high = expressions(analysis, body["rexpr"]["List"]["items"], scope)
    negated = body["kind"].startswith("AEXPR_NOT_")
    found = _inside(left, (low, high), position, negated=negated)
    if not body["kind"].endswith("_SYM"):
        return found
    other = _inside(left, (high, low), position, negated=negated)
    return Logic(type=BOOL, position=position, word="AND" if negated else "OR", arguments=(found, other))


def _inside(
    value: Expression, bounds: tuple[Expression, Expression], position: int | None, *, negated: bool
) -> Expression:
    low, high = ("<", ">") if negated else (">=", "<=")
    tests = (
        operation(low, (value, bounds[0]), position),
        operation(high, (value, bounds[1]), position),
    )
    return Logic(type=BOOL, position=position, word="OR" if negated else "AND", arguments=tests)


def _any_all(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    position = body.get("location")
    left, array = (expression(analysis, body[side], scope) for side in ("lexpr", "rexpr"))
    element = UNKNOWN if array.type == UNKNOWN else array.type.element
    if element is None:
        raise wrong(
            DatatypeMismatch, "op ANY/ALL (array) requires array on right side", position, sqlstate="42809"
        )
    probe = Constant(type=element.bare, value=None)
    choice = choose_operator(_operator_name(body), (left, probe), position)
    targets = [from_catalog(name) for name in choice.arguments]
    return AnyAll(
        type=BOOL,
        position=position,
        left=coerce(left, targets[0]),
        array=coerce(array, Type("array", element=targets[1])),
        operator=_operator_name(body),
        call=choice.name,
        word="ANY" if body["kind"] == "AEXPR_OP_ANY" else "ALL",
    )


_OPERATIONS: dict[str, Callable[[Analysis, Any, Scope], Expression]] = {
    "AEXPR_OP": _plain,
    "AEXPR_LIKE": _plain,
    "AEXPR_ILIKE": _plain,
    "AEXPR_SIMILAR": _plain,
    "AEXPR_DISTINCT": _distinct,
    "AEXPR_NOT_DISTINCT": _distinct,
    "AEXPR_NULLIF": _null_if,
    "AEXPR_IN": _in,
    "AEXPR_BETWEEN": _between,
    "AEXPR_NOT_BETWEEN": _between,
    "AEXPR_BETWEEN_SYM": _between,
    "AEXPR_NOT_BETWEEN_SYM": _between,
    "AEXPR_OP_ANY": _any_all,
    "AEXPR_OP_ALL": _any_all,
}


# -- conditions
def _logic(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    word = str(body["boolop"]).removesuffix("_EXPR")
    arguments = tuple(boolean(expression(analysis, each, scope), word) for each in body["args"])
    return Logic(type=BOOL, position=body.get("location"), word=word, arguments=arguments)


def _null_test(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    argument = expression(analysis, body["arg"], scope)
    return null_test(argument, body.get("location"), negated=body.get("nulltesttype") == "IS_NOT_NULL")


def _boolean_test(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    word = str(body.get("booltesttype", "IS_TRUE")).removeprefix("IS_").replace("_", " ")
    argument = boolean(expression(analysis, body["arg"], scope), f"IS {word}")
    return BooleanTest(type=BOOL, position=body.get("location"), argument=argument, word=word)


def _case(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    operand = expression(analysis, body["arg"], scope) if "arg" in body else None
    conditions, results = [], []
    for branch in body["args"]:
        when = branch["CaseWhen"]
        condition = expression(analysis, when["expr"], scope)
        if operand is not None:
            condition = apply("=", (resolved(operand), condition), when.get("location"))
        conditions.append(boolean(condition, "CASE/WHEN"))
        results.append(expression(analysis, when["result"], scope))
    if "defresult" in body:
        default = expression(analysis, body["defresult"], scope)
    else:
        default = Constant(type=UNKNOWN, value=None)
    # PostgreSQL looks at ELSE first when it looks for the common type.
    type_, (*branches, last) = unify((*results, default), "CASE", types_first=(default, *results))
    return Case(
        type=type_,
        position=body.get("location"),
        branches=tuple(zip(conditions, branches, strict=True)),
        default=last,
    )


def _coalesce(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    type_, arguments = unify(expressions(analysis, body["args"], scope), "COALESCE")
    return Coalesce(type=type_, position=body.get("location"), arguments=arguments)


def _extreme(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    word = str(body.get("op", "IS_GREATEST")).removeprefix("IS_")
    type_, arguments = unify(expressions(analysis, body["args"], scope), word)
    return Extreme(type=type_, position=body.get("location"), word=word, arguments=arguments)


# -- casts and others
def _type_cast(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    target = type_of_name(body["typeName"])
    inner = body_of(body["arg"])
    if kind_of(body["arg"]) == "A_ArrayExpr" and target.element is not None and not inner.get("elements"):
        return Constant(type=target, position=body.get("location"), value="{}")
    return coerce(expression(analysis, body["arg"], scope), target, EXPLICIT)


def _collate(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    name = strings(body["collname"])[-1]
    position = body.get("location")
    if name not in ("C", "POSIX", "ucs_basic"):
        raise refuse(
            f'COLLATE "{name}"', position, why="SQLite orders text by its bytes", instead='write COLLATE "C"'
        )
    node = resolved(expression(analysis, body["arg"], scope))
    if node.type.name not in ("text", "varchar", "bpchar"):
        message = f"collations are not supported by type {node.type.bare}"
        raise wrong(DatatypeMismatch, message, position)
    return node


def _value_function(_: Analysis, body: Raw, __: Scope) -> Expression:
    word, position = str(body["op"]).removeprefix("SVFOP_"), body.get("location")
    name = word.lower().removesuffix("_n")
    types = {
        "current_date": "date",
        "current_timestamp": "timestamptz",
        "localtimestamp": "timestamp",
        "localtime": "time",
    }
    if name not in types:
        raise refuse(word, position)
    found = Call(type=Type(types[name]), position=position, name=name, arguments=())
    digits = Type(types[name], precision=body.get("typmod", 0))
    return modified(found, digits, explicit=True) if word.endswith("_N") else found


def _array(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    position = body.get("location")
    items = expressions(analysis, body.get("elements"), scope)
    if not items:
        raise wrong(ProgrammingError, "cannot determine type of empty array", position, sqlstate="42P18")
    type_ = common_type(items, "ARRAY").bare
    if type_.element is not None:
        raise refuse("an array of more than one dimension", position)
    elements = tuple(coerce(item, type_) for item in items)
    return ArrayOf(type=Type("array", element=type_), position=position, elements=elements)


def _indirection(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    node = expression(analysis, body["arg"], scope)
    for each in body["indirection"]:
        index = each.get("A_Indices")
        if node.type.name == "jsonb" and index is not None and not index.get("is_slice"):
            node = _member(node, resolved(expression(analysis, index["uidx"], scope)))
            continue
        element = node.type.element
        if index is None or element is None:
            raise refuse("this subscript or field", node.position)
        if index.get("is_slice"):
            if len(body["indirection"]) > 1:
                raise refuse("a slice of more than one dimension", node.position)
            node = _slice(analysis, node, index, scope)
            continue
        place = coerce(expression(analysis, index["uidx"], scope), INT4, 1, what="array subscript")
        node = Subscript(type=element, position=node.position, array=node, index=place)
    return node


def _slice(analysis: Analysis, node: Expression, index: Raw, scope: Scope) -> Expression:
    """`array[first:last]`; an end that is left out is the array's own."""
    ends = []
    for word, default in (("lidx", 1), ("uidx", 2**31 - 1)):
        if word in index:
            end = expression(analysis, index[word], scope)
            ends.append(coerce(end, INT4, 1, what="array subscript"))
        else:
            ends.append(Constant(type=INT4, value=default))
    return Call(type=node.type, position=node.position, name="array_slice", arguments=(node, *ends))


def _member(node: Expression, step: Expression) -> Expression:
    """`document[step]`: a key or a place, as the path's operator takes them."""
    if step.type.name not in ("text", "int4"):
        step = coerce(step, INT4 if catalog().path(catalog_name(step.type), "int4", 1) else TEXT, 1)
    path = ArrayOf(type=Type("array", element=TEXT), elements=(coerce(step, TEXT, EXPLICIT),))
    return Call(type=node.type, position=node.position, name="jsonb_extract_path", arguments=(node, path))


def _sublink(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    word, position = body["subLinkType"], body.get("location")
    query = analysis.query(analysis, body["subselect"], Scope(scope))
    if word == "EXISTS_SUBLINK":
        return Subquery(type=BOOL, position=position, query=query, word="exists")
    if word == "EXPR_SUBLINK":
        return scalar(query, position)
    if word == "ARRAY_SUBLINK":
        return _array_of_query(query, position)
    if word not in ("ANY_SUBLINK", "ALL_SUBLINK"):
        raise refuse("this kind of subquery", position)
    left = expression(analysis, body["testexpr"], scope)
    operator = strings(body.get("operName"))[-1] if body.get("operName") else "="
    if word == "ANY_SUBLINK" and operator == "=":
        return in_query(analysis, left, query, position)
    return quantified(analysis, left, operator, word.removesuffix("_SUBLINK"), query, position)


def _array_of_query(query: Query, position: int | None) -> Expression:
    """ARRAY(SELECT …)."""
    if len(query.columns) != 1:
        raise wrong(SqlSyntaxError, "subquery must return only one column", position)
    element = query.columns[0].type.bare
    if element.element is not None:
        raise refuse("an array of more than one dimension", position)
    return Subquery(type=Type("array", element=element), position=position, query=query, word="array")


# -- rows
def _row(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    elements = tuple(value for each in body.get("args", ()) for value in _row_elements(analysis, each, scope))
    return Row(type=Type("record"), position=body.get("location"), elements=elements)


def _row_elements(analysis: Analysis, node: Raw, scope: Scope) -> Sequence[Expression]:
    value = expression(analysis, node, scope)
    starred = kind_of(node) == "ColumnRef" and "A_Star" in body_of(node)["fields"][-1]
    return value.elements if starred and isinstance(value, Row) else (value,)


def _whole_row(name: str, scope: Scope, position: int | None) -> Expression:
    """A source's row as a value."""
    item = find_item(name, scope, position)
    if item is None:
        raise wrong(UndefinedTable, f'missing FROM-clause entry for table "{name}"', position)
    elements = tuple(value for _, value in item.columns)
    return Row(
        type=Type("record"), position=position, elements=elements, whole=True,
        names=tuple(name for name, _ in item.columns), nullable=item.nullable, marker=item.marker,
    )  # fmt: skip


def _grouping(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    position = body.get("location")
    if scope.clause not in ("SELECT", "HAVING", "ORDER BY", "DISTINCT ON"):
        raise wrong(GroupingError, f"grouping operations are not allowed in {scope.clause}", position)
    arguments = tuple(map(resolved, expressions(analysis, body.get("args"), scope)))
    return Grouping(type=INT4, position=position, arguments=arguments)


def _merge_action(_: Analysis, body: Raw, scope: Scope) -> Expression:
    found = next((level.merge_action for level in scope.levels() if level.merge_action), None)
    if found is None:
        message = "MERGE_ACTION() can only be used in the RETURNING list of a MERGE command"
        raise wrong(SqlSyntaxError, message, body.get("location"))
    return found


_RULES: dict[str, Callable[[Analysis, Any, Scope], Expression]] = {
    "MergeSupportFunc": _merge_action,
    "GroupingFunc": _grouping,
    "RowExpr": _row,
    "A_Const": _constant,
    "ParamRef": _parameter,
    "ColumnRef": _reference,
    "A_Expr": _operation,
    "BoolExpr": _logic,
    "NullTest": _null_test,
    "BooleanTest": _boolean_test,
    "CaseExpr": _case,
    "CoalesceExpr": _coalesce,
    "MinMaxExpr": _extreme,
    "TypeCast": _type_cast,
    "CollateClause": _collate,
    "SQLValueFunction": _value_function,
    "A_ArrayExpr": _array,
    "A_Indirection": _indirection,
    "SubLink": _sublink,
    "FuncCall": lambda analysis, body, scope: (
        ordered_set if body.get("agg_within_group") else call_function
    )(analysis, body, scope, expression),
}
