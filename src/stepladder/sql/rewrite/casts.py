"""Rules of casts: from a type to another, and to a type's own modifiers."""

from __future__ import annotations

from collections.abc import Callable

from stepladder.errors import NotPortable
from stepladder.sql.functions.casts import INPUTS
from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import Cast, Expression
from stepladder.sql.infer.types import catalog_name
from stepladder.sql.rewrite.comparisons import plainly_ordered
from stepladder.sql.types import Type

_TEXTS = ("text", "varchar", "bpchar")
_INTEGERS = ("int2", "int4", "int8")


def cast(text: str, node: Cast) -> str:
    """`text`, the printed argument, as the cast's type."""
    source, target = node.argument.type, node.type
    kinds = (catalog_name(source), catalog_name(target))
    if (
        source.element
        and target.element
        and (target.modified or (source != target and kinds not in _PATTERNS))
    ):
        return _array(text, node)
    converted = text if source.bare == target.bare else _converted(text, node, source.bare, target.bare)
    return _fitted(converted, node) if target.modified else converted


def _array(text: str, node: Cast) -> str:
    """An array as one of other elements, for casts that are the same by way of each element's text."""
    source, target = node.argument.type.element, node.type.element
    assert source is not None
    assert target is not None
    if source.name != target.name and (source.name, target.name) not in _BY_TEXT:
        raise refuse(f"the cast of {node.argument.type} to {node.type}", node.position)
    return f"pg_cast_array({text}, '{node.type}', {int(node.explicit)})"


def _converted(text: str, node: Cast, source: Type, target: Type) -> str:
    if target.name in _TEXTS:
        shown = as_text(text, node.argument)
        return f"rtrim({shown}, ' ')" if target.name == "bpchar" and source.name != "bpchar" else shown
    if source.name in _TEXTS and target.name in INPUTS:
        return f"pg_read_{target.name}({text})"
    if source.name in _TEXTS and target.element is not None and target.element.name in (*INPUTS, "text"):
        return f"pg_read_array_{target.element.name}({text})"
    pattern = _PATTERNS.get((catalog_name(source), catalog_name(target)))
    if pattern is None:
        raise refuse(f"the cast of {source} to {target}", node.position)
    return pattern.format(text)


def as_text(text: str, node: Expression) -> str:
    """A printed value as PostgreSQL prints its type."""
    pattern = _SHOWN.get(node.type.name)
    if pattern is None:
        raise NotPortable(f"{node.type.bare} as text", position=node.position)
    return plainly_ordered(pattern.format(text), node.type)


_SHOWN: dict[str, str] = {
    **dict.fromkeys((*_TEXTS, "numeric", "date", "interval", "uuid", "jsonb", "json", "array"), "{0}"),
    **dict.fromkeys(_INTEGERS, "CAST({0} AS TEXT)"),
    "bool": "pg_bool_text({0})",
    "float4": "pg_show_float4({0})",
    "float8": "pg_show_float8({0})",
    "bytea": "pg_show_bytea({0})",
    **dict.fromkeys(("time", "timestamp", "timestamptz"), "pg_printed({0})"),
}
_BY_TEXT = {
    *((one, other) for one in _TEXTS for other in (*_TEXTS, *INPUTS)),
    *((one, other) for one in _INTEGERS for other in (*_INTEGERS, "numeric", "float4", "float8")),
    ("float8", "float4"),
}
_PATTERNS: dict[tuple[str, str], str] = {
    **{(one, other): "{0}" for one in _INTEGERS for other in _INTEGERS if one <= other},
    **{(one, other): f"pg_{other}({{0}})" for one in _INTEGERS for other in _INTEGERS if one > other},
    **{(one, "numeric"): "CAST({0} AS TEXT)" for one in _INTEGERS},
    **{(one, "float8"): "CAST({0} AS REAL)" for one in _INTEGERS},
    **{(one, "float4"): "pg_float4(CAST({0} AS REAL))" for one in _INTEGERS},
    **{("numeric", other): f"pg_numeric_{other}({{0}})" for other in (*_INTEGERS, "float4", "float8")},
    **{(one, other): f"pg_float_{other}({{0}})" for one in ("float4", "float8") for other in _INTEGERS},
    ("float8", "numeric"): "pg_float8_numeric({0})",
    ("float4", "numeric"): "pg_float4_numeric({0})",
    ("float8", "float4"): "pg_float4({0})",
    ("float4", "float8"): "{0}",
    **{
        ("jsonb", other): f"pg_jsonb_{other}({{0}})"
        for other in ("bool", *_INTEGERS, "numeric", "float4", "float8")
    },
    ("jsonb", "json"): "{0}",
    ("json", "jsonb"): "pg_read_jsonb({0})",
    ("int4", "bool"): "({0} <> 0)",
    ("bool", "int4"): "{0}",
    ("date", "timestamp"): "({0} || ' 00:00:00')",
    ("date", "timestamptz"): "({0} || ' 00:00:00+00:00')",
    ("timestamp", "timestamptz"): "({0} || '+00:00')",
    ("timestamptz", "timestamp"): "replace({0}, '+00:00', '')",
    ("timestamptz", "date"): "substr({0}, 1, 10)",
    ("timestamp", "date"): "substr({0}, 1, 10)",
    ("timestamp", "time"): "substr({0}, 12)",
    ("timestamptz", "time"): "substr(replace({0}, '+00:00', ''), 12)",
    ("time", "interval"): "pg_time_span({0})",
    ("interval", "time"): "pg_span_time({0})",
    ("_int4", "_int8"): "{0}",
    ("_int2", "_int4"): "{0}",
    ("_int4", "_numeric"): "{0}",
    ("_int8", "_numeric"): "{0}",
    ("_varchar", "_text"): "{0}",
    ("_text", "_varchar"): "{0}",
    ("_int4", "_text"): "{0}",
}


# -- modifiers
def _fitted(text: str, node: Cast) -> str:
    fit = _FITTED.get(node.type.name)
    if fit is None:
        raise refuse(f"a cast to {node.type}", node.position)
    return fit(text, node)


def _numeric(text: str, node: Cast) -> str:
    return f"pg_numeric_fit({text}, {node.type.precision}, {node.type.scale or 0})"


def _varchar(text: str, node: Cast) -> str:
    return (
        f"substr({text}, 1, {node.type.length})"
        if node.explicit
        else f"pg_fit_text({text}, {node.type.length})"
    )


def _bpchar(text: str, node: Cast) -> str:
    if node.explicit:
        return f"rtrim(substr({text}, 1, {node.type.length}), ' ')"
    return f"rtrim(pg_fit_text({text}, {node.type.length}), ' ')"


def _time(text: str, node: Cast) -> str:
    return f"pg_round_time({text}, {node.type.precision})"


def _span(text: str, node: Cast) -> str:
    digits = 6 if node.type.precision is None else node.type.precision
    return f"pg_fit_span({text}, '{node.type.fields}', {digits})"


def _moment(text: str, node: Cast) -> str:
    return f"pg_round_moment({text}, {node.type.precision})"


_FITTED: dict[str, Callable[[str, Cast], str]] = {
    "numeric": _numeric,
    "varchar": _varchar,
    "bpchar": _bpchar,
    "time": _time,
    "interval": _span,
    "timestamp": _moment,
    "timestamptz": _moment,
}
