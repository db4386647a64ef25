"""Typed expressions as PostgreSQL's SQL, in one form: each cast shown, each constant in its shortest spelling.

The text means what the expression means: read and typed again it gives the same tree, and the same text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import singledispatch

from stepladder.sql.infer.catalog import catalog
from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import (
    AnyAll,
    ArrayOf,
    BooleanTest,
    Call,
    Case,
    Cast,
    Coalesce,
    Constant,
    Distinct,
    Expression,
    Extreme,
    InList,
    Logic,
    NullIf,
    NullTest,
    Reference,
    Subscript,
)
from stepladder.sql.names import spelled
from stepladder.sql.numerals import numeric_text, parse_numeric
from stepladder.sql.types import Type, integer_type

_TEXTS = ("text", "varchar", "bpchar")
_INTEGERS = ("int2", "int4", "int8")
_VALUE_FUNCTIONS = ("current_date", "current_timestamp", "localtimestamp")


def show_default(node: Expression) -> str | None:
    """A default, without the casts that its column makes anyway."""
    while isinstance(node, Cast) and not node.explicit:
        node = node.argument
    node = _folded(node)
    if not isinstance(node, Constant):
        return show(node)
    return None if node.value is None else _bare(node)


def show(node: Expression) -> str:
    """The expression as PostgreSQL's SQL."""
    return _show(_folded(node))


def _inside(node: Expression) -> str:
    """The same as an operand: in parentheses unless it stands for itself."""
    node = _folded(node)
    text = _show(node)
    alone = isinstance(node, Reference | Coalesce | Extreme | NullIf | ArrayOf | Cast | Case | Constant)
    return text if alone or (isinstance(node, Call) and _symbol(node) is None) else f"({text})"


def _list(nodes: Sequence[Expression], each: Callable[[Expression], str] = show) -> str:
    return ", ".join(map(each, nodes))


def _folded(node: Expression) -> Expression:
    """A constant in the type that a cast gives it, where PostgreSQL's input function gives the same."""
    if not isinstance(node, Cast):
        return node
    inner = _folded(node.argument)
    if isinstance(inner, Constant) and inner.value is not None:
        if node.type.bare.name in _TEXTS and inner.type.bare.name in _TEXTS and not node.type.modified:
            return replace(inner, type=node.type)
        if node.type.name == "numeric" and node.type.precision is not None and inner.type.name == "numeric":
            number = parse_numeric(inner.value)
            if number.is_finite() and (node.type.scale or 0) >= 0:
                rounded = number.quantize(Decimal(1).scaleb(-(node.type.scale or 0)), "ROUND_HALF_UP")
                return replace(inner, value=numeric_text(rounded))
    return replace(node, argument=inner)


@singledispatch
def _show(node: Expression) -> str:
    raise refuse(f"the construct {type(node).__name__} in a table's definition", node.position)


@_show.register
def _(node: Constant) -> str:
    plain = _bare(node)
    name = node.type.name
    if node.value is None:
        return f"NULL::{node.type.bare}" if name not in ("text", "unknown") else "NULL"
    natural = (
        name in ("text", "bool", "int4", "unknown")
        or (name in _INTEGERS and integer_type(node.value).name == name)
        or (name == "numeric" and "." in str(node.value))
    )
    if natural or plain.endswith(str(node.type.bare)):
        return plain
    return f"'{plain}'::{node.type.bare}" if plain.startswith("-") else f"{plain}::{node.type.bare}"


def _bare(node: Constant) -> str:
    """A constant whose type its place says; only what is neither number, text nor boolean has a cast."""
    value, name = node.value, node.type.name
    if value is None:
        return "NULL"
    if name == "bool":
        return "true" if value else "false"
    if name in _INTEGERS:
        return str(value)
    if name == "numeric":
        return str(value) if parse_numeric(str(value)).is_finite() else f"'{value}'"
    if isinstance(value, bytes):
        value = "\\x" + value.hex()
    text = "'" + str(value).replace("'", "''") + "'"
    return text if name in _TEXTS or name == "unknown" else f"{text}::{node.type.bare}"


@_show.register
def _(node: Reference) -> str:
    return spelled(node.name)


def _symbol(node: Call) -> str | None:
    if not node.operator:
        return None
    return catalog().symbol(node.name, len(node.arguments))


@_show.register
def _(node: Call) -> str:
    symbol = _symbol(node)
    if symbol is not None:
        *left, right = (_operand(each, node.arguments) for each in node.arguments)
        return " ".join([*left, symbol, right])
    if node.name in _VALUE_FUNCTIONS:
        return node.name.upper()
    return f"{spelled(node.name)}({_list(node.arguments)})"


def _operand(node: Expression, operands: Sequence[Expression]) -> str:
    """An operand; a whole number beside a numeric is one itself."""
    found = _folded(node)
    beside = any(each.type.name == "numeric" and not isinstance(_folded(each), Constant) for each in operands)
    whole = isinstance(found, Constant) and found.type.name == "numeric" and found.value is not None
    return _bare(found) if beside and whole and isinstance(found, Constant) else _inside(node)


@_show.register
def _(node: Cast) -> str:
    argument = _inside(node.argument)
    return f"({argument})::{node.type}" if argument.startswith("-") else f"{argument}::{node.type}"


@_show.register
def _(node: Logic) -> str:
    if node.word == "NOT":
        return f"NOT {_inside(node.arguments[0])}"
    return f" {node.word} ".join(map(_inside, _flat(node)))


def _flat(node: Logic) -> list[Expression]:
    found: list[Expression] = []
    for each in node.arguments:
        found += _flat(each) if isinstance(each, Logic) and each.word == node.word else [each]
    return found


@_show.register
def _(node: NullTest) -> str:
    return f"{_inside(node.argument)} IS {'NOT ' if node.negated else ''}NULL"


@_show.register
def _(node: BooleanTest) -> str:
    return f"{_inside(node.argument)} IS {node.word}"


@_show.register
def _(node: Distinct) -> str:
    return f"{_inside(node.left)} IS {'NOT ' if node.negated else ''}DISTINCT FROM {_inside(node.right)}"


@_show.register
def _(node: NullIf) -> str:
    assert isinstance(node.equal, Call)
    return f"NULLIF({_list(node.equal.arguments)})"


@_show.register
def _(node: Case) -> str:
    branches = "".join(f" WHEN {show(when)} THEN {show(then)}" for when, then in node.branches)
    return f"CASE{branches} ELSE {show(node.default)} END"


@_show.register
def _(node: Coalesce) -> str:
    return f"COALESCE({_list(node.arguments)})"


@_show.register
def _(node: Extreme) -> str:
    return f"{node.word}({_list(node.arguments)})"


@_show.register
def _(node: ArrayOf) -> str:
    return f"ARRAY[{_list(node.elements)}]"


@_show.register
def _(node: Subscript) -> str:
    return f"({show(node.array)})[{show(node.index)}]"


@_show.register
def _(node: InList) -> str:
    return _in(node.left, node.items, negated=node.negated)


@_show.register
def _(node: AnyAll) -> str:
    if isinstance(node.array, ArrayOf) and (node.operator, node.word) in (("=", "ANY"), ("<>", "ALL")):
        if node.left.type.name in _INTEGERS and node.left.type != node.array.elements[0].type:
            tests = [f"({_inside(node.left)} {node.operator} {show(each)})" for each in node.array.elements]
            return (" OR " if node.word == "ANY" else " AND ").join(tests)
        return _in(node.left, node.array.elements, negated=node.word == "ALL")
    return f"{_inside(node.left)} {node.operator} {node.word} ({show(node.array)})"


def _in(left: Expression, items: Sequence[Expression], *, negated: bool) -> str:
    """The server compares varchar as text, and says so; IN's items have the type of what they are compared with."""
    if left.type.name == "varchar":
        left = Cast(type=Type("text"), argument=left, method="relabel", explicit=False)
    word = "NOT IN" if negated else "IN"
    return f"{_inside(left)} {word} ({_list(items, lambda item: _item(item, left.type))})"


def _item(item: Expression, type_: Type) -> str:
    found = _folded(item)
    same = isinstance(found, Constant) and (
        found.type.bare == type_.bare or {found.type.name, type_.name} <= {"text", "varchar"}
    )
    return _bare(found) if same and isinstance(found, Constant) and found.value is not None else show(found)
