"""Comparing: which collation a type needs, and the rules of every comparison operator."""

from __future__ import annotations

from stepladder.sql.infer.catalog import catalog
from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import Call, Expression
from stepladder.sql.rewrite import distances
from stepladder.sql.rewrite.rules import Print, Rule
from stepladder.sql.types import Type

_COLLATED = {"numeric": "pg_numeric", "interval": "pg_interval", "jsonb": "pg_jsonb"}
_NATIVE = frozenset(
    [
        "int2",
        "int4",
        "int8",
        "float4",
        "float8",
        "bool",
        "text",
        "varchar",
        "bpchar",
        "date",
        "time",
        "timestamp",
        "timestamptz",
        "uuid",
        "bytea",
    ]
)
COMPARED = _NATIVE | _COLLATED.keys()
_TEXTS = frozenset(("text", "varchar", "bpchar", "date", "time", "timestamp", "timestamptz", "uuid"))
EQUALITIES = frozenset(f"{name}_eq" for name in _COLLATED)  # the operators' implementations
_SYMBOLS = ("=", "<>", "<", "<=", ">", ">=")
_MIXED = {("date", "timestamp"), ("date", "timestamptz"), ("timestamp", "timestamptz")}
_FLAT = frozenset(
    f"_{name}"
    for name in [
        "int2",
        "int4",
        "int8",
        "bool",
        "text",
        "varchar",
        "date",
        "timestamp",
        "timestamptz",
        "uuid",
    ]
)


def collation(type_: Type) -> str:
    """` COLLATE …` behind an expression of the type wherever it is compared; empty for most."""
    found = _COLLATED.get(type_.name)
    return f" COLLATE {found}" if found else ""


def is_text(type_: Type) -> bool:
    """Whether values are stored as text that SQLite compares as it is."""
    return type_.name in _TEXTS or type_.element is not None


def plainly_ordered(text: str, source: Type | None = None) -> str:
    """A text without the collation that it would inherit: of the column of type `source` that it shows, or, as SQLite has
    it, of any comparison inside it."""
    inherits = source is not None and (source.name in _COLLATED or source.element is not None)
    if " COLLATE pg_" not in text and not (inherits and text[:1] != "'"):
        return text
    return f"({text} COLLATE BINARY)"


def order_collation(type_: Type) -> str:
    """The same where values are ordered: equal arrays have equal text, but their order is that of their elements."""
    if type_.element is None or f"_{type_.element.name}" not in _FLAT:
        return collation(type_)
    kind = type_.element.name
    return f" COLLATE pg_array_{'int8' if kind[:3] == 'int' else 'bool' if kind == 'bool' else 'text'}"


def is_ordered(type_: Type) -> bool:
    """Whether ORDER BY has PostgreSQL's order, with `order_collation`."""
    return is_comparable(type_) or (type_.element is not None and f"_{type_.element.name}" in _FLAT)


def is_comparable(type_: Type) -> bool:
    """Whether SQLite's own comparison, with the type's collation, is PostgreSQL's order."""
    return type_.name in COMPARED


def is_groupable(type_: Type) -> bool:
    """Whether equal values have equal text, or a collation that says so."""
    flat = type_.element is not None and f"_{type_.element.name}" in _FLAT
    return is_comparable(type_) or flat


def widened(text: str, type_: Type, other: Type) -> str:
    """A date or timestamp as the wider type that it is compared with."""
    midnight = " 00:00:00" if type_.name == "date" and other.name != "date" else ""
    zone = "+00:00" if other.name == "timestamptz" and type_.name != "timestamptz" else ""
    return f"({text} || '{midnight}{zone}')" if midnight or zone else text


def _compare(symbol: str) -> Rule:
    def rule(show: Print, call: Call) -> str:
        left, right = call.arguments
        return f"({_side(show, left, right)} {symbol} {_side(show, right, left)})"

    return rule


def _compare_spans(symbol: str) -> Rule:
    plain = _compare(symbol)

    def rule(show: Print, call: Call) -> str:
        if not any(map(distances.is_difference, call.arguments)):
            return plain(show, call)
        left, right = (distances.span_order(show, node) for node in call.arguments)
        return plain(show, call) if left is None or right is None else f"({left} {symbol} {right})"

    return rule


def _side(show: Print, node: Expression, other: Expression) -> str:
    text = (
        widened(show(node), node.type, other.type) if node.type.name in ("date", "timestamp") else show(node)
    )
    return text + collation(node.type)


def _rules() -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    for symbol in _SYMBOLS:
        rule = _compare(symbol)
        for left in (*COMPARED, "date", "timestamp", "timestamptz"):
            for right in COMPARED:
                if (
                    left == right
                    or (left, right) in _MIXED
                    or (right, left) in _MIXED
                    or _both_numbers(left, right)
                ):
                    name = catalog().exact_operator(symbol, left, right)
                    if name:
                        found[f"{name}({left},{right})"] = (
                            _compare_spans(symbol) if left == "interval" else rule
                        )
        if symbol in ("=", "<>"):
            name = catalog().exact_operator(symbol, "anyarray", "anyarray")
            found |= {f"{name}({flat},{flat})": rule for flat in _FLAT}
    return found


def _both_numbers(left: str, right: str) -> bool:
    return left[:3] == right[:3] == "int" or left[:5] == right[:5] == "float"


RULES = _rules()


def _row_key(show: Print, call: Call) -> str:
    """A text that equal rows share, for count(DISTINCT (a, b))."""
    parts = []
    for node in call.arguments:
        if not is_groupable(node.type) or node.type.name == "interval":
            raise refuse(f"DISTINCT over rows with values of type {node.type}", node.position)
        text = show(node)
        if node.type.name == "numeric":
            text = f"pg_trim_scale({text})"
        parts.append(f"quote({text} + 0.0)" if node.type.name.startswith("float") else f"quote({text})")
    return f"({' || char(0) || '.join(parts)})"


OPEN_RULES: dict[str, Rule] = {"row_key": _row_key}
