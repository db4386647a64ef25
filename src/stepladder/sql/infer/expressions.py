"""Expressions: one function a kind of raw node, each giving a typed one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from stepladder.errors import (
    AmbiguousColumn,
    DatabaseError,
    DatatypeMismatch,
    SqlSyntaxError,
    UndefinedColumn,
    UndefinedTable,
)
from stepladder.sql.infer.calls import call_function
from stepladder.sql.infer.catalog import EXPLICIT, Choice, catalog
from stepladder.sql.infer.coercion import boolean, coerce, common_type, resolved, unify
from stepladder.sql.infer.context import BOOL, INT4, NUMERIC, UNKNOWN, Analysis, Item, Scope, refuse, wrong
from stepladder.sql.infer.raw import Raw, body_of, kind_of, strings
from stepladder.sql.infer.scales import with_scale
from stepladder.sql.infer.tree import (
    AnyAll,
    ArrayOf,
    BooleanTest,
    Call,
    Case,
    Coalesce,
    Constant,
    Distinct,
    Expression,
    Extreme,
    InList,
    InQuery,
    Logic,
    NullIf,
    NullTest,
    Parameter,
    Query,
    QuerySource,
    Reference,
    Select,
    Subquery,
    Subscript,
    Target,
    walk,
)
from stepladder.sql.infer.types import catalog_name, from_catalog, type_of_name
from stepladder.sql.numerals import numeric_text, parse_numeric, scale_of
from stepladder.sql.types import Column, Type, integer_type


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
    return Parameter(type=analysis.parameters[name], position=body.get("location"), name=name)


# -- names
def _reference(_: Analysis, body: Raw, scope: Scope) -> Expression:
    names = strings(body["fields"])
    position = body.get("location")
    if len(names) < len(body["fields"]):
        raise refuse("a row as a value (t.*)", position, instead="name its columns")
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
    if find_item(name, scope, position) is not None:
        raise refuse("a row as a value", position, instead="name its columns")
    raise wrong(UndefinedColumn, f'column "{name}" does not exist', position)


def _by_table(names: list[str], scope: Scope, position: int | None) -> Expression:
    item = find_item(names[-2], scope, position)
    if item is None:
        raise wrong(UndefinedTable, f'missing FROM-clause entry for table "{names[-2]}"', position)
    hits = [value for column, value in item.columns if column == names[-1]]
    if len(hits) > 1:
        raise wrong(AmbiguousColumn, f'column reference "{names[-1]}" is ambiguous', position)
    if not hits:
        raise wrong(UndefinedColumn, f"column {names[-2]}.{names[-1]} does not exist", position)
    return hits[0]


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
def apply(name: str, arguments: Sequence[Expression], position: int | None) -> Call:
    """The operator `name` over arguments, coerced to what was chosen."""
    choice = choose_operator(name, arguments, position)
    coerced = tuple(
        coerce(node, from_catalog(type_)) for node, type_ in zip(arguments, choice.arguments, strict=True)
    )
    type_ = with_scale(choice.name, from_catalog(choice.result), coerced)
    return Call(type=type_, position=position, name=choice.name, arguments=coerced, operator=True)


def choose_operator(name: str, arguments: Sequence[Expression], position: int | None) -> Choice:
    """The operator that PostgreSQL chooses. Its error carries the place."""
    try:
        return catalog().operator(name, [catalog_name(node.type) for node in arguments])
    except DatabaseError as error:
        raise wrong(type(error), error.message, position, sqlstate=error.sqlstate) from error


def _operation(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    rule = _OPERATIONS.get(body["kind"])
    if rule is None:
        raise refuse(f"the construct {body['kind']}", body.get("location"))
    for side in (body.get("lexpr"), body.get("rexpr")):
        if kind_of(side) == "RowExpr":
            raise refuse("a row as a value", body.get("location"), instead="compare the columns one by one")
    return rule(analysis, body, scope)


def _operator_name(body: Raw) -> str:
    return strings(body["name"])[-1]


def _plain(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    sides = [expression(analysis, body[side], scope) for side in ("lexpr", "rexpr") if side in body]
    return apply(_operator_name(body), sides, body.get("location"))


def _distinct(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    sides = [expression(analysis, body[side], scope) for side in ("lexpr", "rexpr")]
    position = body.get("location")
    negated = body["kind"] == "AEXPR_NOT_DISTINCT"
    raws = (body["lexpr"], body["rexpr"])
    for raw, other in zip(raws, sides[::-1], strict=True):
        if body_of(raw).get("isnull"):
            return NullTest(type=BOOL, position=position, argument=resolved(other), negated=not negated)
    equal = apply("=", sides, position)
    left, right = equal.arguments
    kinds = {_kind(left.type), _kind(right.type)}
    if len(kinds) > 1:
        raise refuse("IS DISTINCT FROM over two types", position, instead="cast one of them")
    return Distinct(type=BOOL, position=position, left=left, right=right, negated=negated)


def _kind(type_: Type) -> str:
    """Types whose values SQLite compares as they are have one kind."""
    return {"int2": "int", "int4": "int", "int8": "int", "float4": "float", "float8": "float"}.get(
        type_.name, str(type_.bare)
    )


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
    fixed = [item for item in items if not _uses_columns(item)]
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
    tests = tuple(boolean(apply("<>" if negated else "=", (left, item), position), word) for item in items)
    return tests[0] if len(tests) == 1 else Logic(type=BOOL, position=position, word=word, arguments=tests)


def _uses_columns(node: Expression) -> bool:
    return any(isinstance(each, Reference) for each in walk(node))


def _between(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    position = body.get("location")
    left = expression(analysis, body["lexpr"], scope)
    low, high = expressions(analysis, body["rexpr"]["List"]["items"], scope)
    negated = body["kind"] == "AEXPR_NOT_BETWEEN"
    first, second = ("<", ">") if negated else (">=", "<=")
    tests = (apply(first, (left, low), position), apply(second, (left, high), position))
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
    "AEXPR_OP_ANY": _any_all,
    "AEXPR_OP_ALL": _any_all,
}


# -- conditions
def _logic(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    word = str(body["boolop"]).removesuffix("_EXPR")
    arguments = tuple(boolean(expression(analysis, each, scope), word) for each in body["args"])
    return Logic(type=BOOL, position=body.get("location"), word=word, arguments=arguments)


def _null_test(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    argument = resolved(expression(analysis, body["arg"], scope))
    return NullTest(
        type=BOOL,
        position=body.get("location"),
        argument=argument,
        negated=body.get("nulltesttype") == "IS_NOT_NULL",
    )


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
    word = str(body["op"]).removeprefix("SVFOP_")
    types = {"CURRENT_DATE": "date", "CURRENT_TIMESTAMP": "timestamptz", "LOCALTIMESTAMP": "timestamp"}
    if word not in types:
        raise refuse(word, body.get("location"))
    return Call(type=Type(types[word]), position=body.get("location"), name=word.lower(), arguments=())


def _array(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    position = body.get("location")
    items = expressions(analysis, body.get("elements"), scope)
    if not items:
        raise refuse("an empty ARRAY[]", position, instead="write '{}' with a cast")
    type_ = common_type(items, "ARRAY").bare
    if type_.element is not None:
        raise refuse("an array of more than one dimension", position)
    elements = tuple(coerce(item, type_) for item in items)
    return ArrayOf(type=Type("array", element=type_), position=position, elements=elements)


def _indirection(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    node = expression(analysis, body["arg"], scope)
    for each in body["indirection"]:
        index = each.get("A_Indices")
        if index is None or index.get("is_slice") or node.type.element is None:
            raise refuse("this subscript or field", node.position)
        place = coerce(expression(analysis, index["uidx"], scope), INT4, 1, what="array subscript")
        node = Subscript(type=node.type.element, position=node.position, array=node, index=place)
    return node


def _sublink(analysis: Analysis, body: Raw, scope: Scope) -> Expression:
    word, position = body["subLinkType"], body.get("location")
    query = analysis.query(analysis, body["subselect"], Scope(scope))
    if word == "EXISTS_SUBLINK":
        return Subquery(type=BOOL, position=position, query=query, word="exists")
    if word not in ("EXPR_SUBLINK", "ANY_SUBLINK"):
        raise refuse("this kind of subquery", position)
    if len(query.columns) != 1:
        message = (
            "subquery must return only one column"
            if word == "EXPR_SUBLINK"
            else "subquery has too many columns"
        )
        raise wrong(SqlSyntaxError, message, position)
    if word == "EXPR_SUBLINK":
        return Subquery(type=query.columns[0].type, position=position, query=query, word="scalar")
    return _in_query(analysis, body, scope, query)


def _in_query(analysis: Analysis, body: Raw, scope: Scope, query: Query) -> Expression:
    position = body.get("location")
    if body.get("operName") and strings(body["operName"])[-1] != "=":
        raise refuse("ANY (SELECT …) with another operator than =", position, instead="write EXISTS")
    left = expression(analysis, body["testexpr"], scope)
    inner = query.columns[0].type
    equal = apply("=", (left, Constant(type=inner, value=None)), position)
    left, wanted = equal.arguments[0], equal.arguments[1].type.bare
    if _kind(wanted) != _kind(left.type):
        raise refuse("IN over two types", position, instead="cast one of them")
    query = query if wanted == inner.bare else _recast(analysis, query, wanted)
    return InQuery(type=BOOL, position=position, left=left, query=query, negated=False)


def _recast(analysis: Analysis, query: Query, type_: Type) -> Query:
    """A query of one column with that column cast."""
    column = query.columns[0]
    source = QuerySource(id=analysis.new_id(), query=query)
    value = coerce(Reference(type=column.type, source=source.id, place=0, name=column.name), type_)
    return Select(
        columns=(Column(column.name, value.type),), targets=(Target(name=column.name, value=value),), sources=(source,),
        where=None, grouped=False, group=(), having=None, distinct=False, distinct_on=(),
    )  # fmt: skip


_RULES: dict[str, Callable[[Analysis, Any, Scope], Expression]] = {
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
    "FuncCall": lambda analysis, body, scope: call_function(analysis, body, scope, expression),
}
