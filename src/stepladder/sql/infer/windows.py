"""Calls over a window: its partition, order and frame, named windows included."""

from __future__ import annotations

from collections.abc import Sequence

from stepladder.errors import ProgrammingError, UndefinedObject
from stepladder.sql.infer.catalog import Choice
from stepladder.sql.infer.coercion import coerce, resolved
from stepladder.sql.infer.context import INT8, NUMERIC, Analysis, Scope, refuse, wrong
from stepladder.sql.infer.ordering import Analyse, filter_of, orders
from stepladder.sql.infer.raw import Raw
from stepladder.sql.infer.scales import with_scale
from stepladder.sql.infer.tree import Expression, Frame, Order, Reference, WindowCall, walk
from stepladder.sql.infer.types import from_catalog
from stepladder.sql.types import Type

# nodes/parsenodes.h, FRAMEOPTION_*
_RANGE, _ROWS, _GROUPS, _NONDEFAULT = 0x2, 0x4, 0x8, 0x1
_EDGES = (
    (0x20, "start", "UNBOUNDED PRECEDING"),
    (0x200, "start", "CURRENT ROW"),
    (0x800, "start", "PRECEDING"),
    (0x2000, "start", "FOLLOWING"),
    (0x100, "end", "UNBOUNDED FOLLOWING"),
    (0x400, "end", "CURRENT ROW"),
    (0x1000, "end", "PRECEDING"),
    (0x4000, "end", "FOLLOWING"),
)
_EXCLUDED = ((0x8000, "CURRENT ROW"), (0x10000, "GROUP"), (0x20000, "TIES"))
_OFFSETS = {
    **dict.fromkeys(("int2", "int4", "int8"), INT8),
    **dict.fromkeys(("date", "timestamp", "timestamptz", "interval"), Type("interval")),
    "numeric": NUMERIC,
}


def window(
    analysis: Analysis,
    body: Raw,
    scope: Scope,
    analyse: Analyse,
    choice: Choice,
    arguments: tuple[Expression, ...],
) -> Expression:
    """A window function, or an aggregate over a window."""
    position = body.get("location")
    if "over" not in body:
        message = f"window function {choice.name} requires an OVER clause"
        raise wrong(ProgrammingError, message, position, sqlstate="42809")
    if scope.clause not in ("SELECT", "ORDER BY", "DISTINCT ON"):
        message = f"window functions are not allowed in {scope.clause}"
        raise wrong(ProgrammingError, message, position, sqlstate="42P20")
    kind = choice.procedure.kind if choice.procedure else "w"
    for word, what in (
        ("agg_distinct", "DISTINCT"),
        ("agg_order", "aggregate ORDER BY"),
        ("agg_filter", "FILTER"),
    ):
        if body.get(word) and (kind == "w" or word != "agg_filter"):
            message = f"{what} is not implemented for window functions"
            raise wrong(ProgrammingError, message, position, sqlstate="0A000")
    spec = _specification(body["over"], scope)
    partition = tuple(resolved(analyse(analysis, each, scope)) for each in spec.get("partitionClause", ()))
    order = orders(analysis, spec.get("orderClause"), scope, analyse)
    _refuse_nested(arguments, "window function calls cannot be nested", position)
    keys = [*partition, *(each.key for each in order)]
    _refuse_nested(keys, "window functions are not allowed in window definitions", position)
    return WindowCall(
        type=with_scale(choice.name, from_catalog(choice.result), arguments),
        position=position,
        name=choice.name,
        arguments=arguments,
        filter=filter_of(analysis, body, scope, analyse),
        partition=partition,
        order=order,
        frame=_frame(analysis, spec, scope, analyse, order),
    )


def _refuse_nested(nodes: Sequence[Expression], message: str, position: int | None) -> None:
    if any(isinstance(each, WindowCall) for node in nodes for each in walk(node)):
        raise wrong(ProgrammingError, message, position, sqlstate="42P20")


def named_windows(clause: Sequence[Raw]) -> dict[str, Raw]:
    """WINDOW's definitions by name. Raises ProgrammingError (42P20) for a name that is given twice."""
    found: dict[str, Raw] = {}
    for each in clause:
        body = each["WindowDef"]
        if body["name"] in found:
            message = f'window "{body["name"]}" is already defined'
            raise wrong(ProgrammingError, message, body.get("location"), sqlstate="42P20")
        found[body["name"]] = body
    return found


def _specification(over: Raw, scope: Scope) -> Raw:
    """The window's parts, those of the named window that it builds on included."""
    name = over.get("name") or over.get("refname")
    if not name:
        return over
    base = scope.windows.get(name)
    if base is None:
        raise wrong(UndefinedObject, f'window "{name}" does not exist', over.get("location"))
    base = _specification({key: value for key, value in base.items() if key != "name"}, scope)
    if over.get("name"):
        return base
    _check_copy(name, base, over)
    return {**base, **{key: value for key, value in over.items() if key not in ("refname",)}}


def _check_copy(name: str, base: Raw, over: Raw) -> None:
    position = over.get("location")
    message = ""
    if over.get("partitionClause"):
        message = f'cannot override PARTITION BY clause of window "{name}"'
    elif over.get("orderClause") and base.get("orderClause"):
        message = f'cannot override ORDER BY clause of window "{name}"'
    elif base.get("frameOptions", 0) & _NONDEFAULT:
        message = f'cannot copy window "{name}" because it has a frame clause'
    if message:
        raise wrong(ProgrammingError, message, position, sqlstate="42P20")


def _frame(
    analysis: Analysis, spec: Raw, scope: Scope, analyse: Analyse, order: Sequence[Order]
) -> Frame | None:
    options, position = spec.get("frameOptions", 0), spec.get("location")
    if not options & _NONDEFAULT:
        return None
    words: dict[str, str] = {side: word for bit, side, word in _EDGES if options & bit}
    mode = "ROWS" if options & _ROWS else "GROUPS" if options & _GROUPS else "RANGE"
    if mode == "GROUPS" and not order:
        message = "GROUPS mode requires an ORDER BY clause"
        raise wrong(ProgrammingError, message, position, sqlstate="42P20")
    edges: dict[str, tuple[Expression | None, str]] = {}
    for side in ("start", "end"):
        raw = spec.get(f"{side}Offset")
        type_ = INT8 if raw is None or mode != "RANGE" else _offset_type(order, position)
        edges[side] = (
            None if raw is None else _offset(analyse(analysis, raw, scope), type_, mode),
            words[side],
        )
    exclude = next((word for bit, word in _EXCLUDED if options & bit), None)
    return Frame(mode=mode, start=edges["start"], end=edges["end"], exclude=exclude)


def _offset(node: Expression, type_: Type, mode: str) -> Expression:
    if any(isinstance(each, Reference) for each in walk(node)):
        message = f"argument of {mode} must not contain variables"
        raise wrong(ProgrammingError, message, node.position, sqlstate="42P10")
    return coerce(node, type_, what=f"argument of {mode}")


def _offset_type(order: Sequence[Order], position: int | None) -> Type:
    """What a RANGE frame's offsets are, for the one key that it has."""
    if len(order) != 1:
        message = "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column"
        raise wrong(ProgrammingError, message, position, sqlstate="42P20")
    found = _OFFSETS.get(order[0].key.type.name)
    if found is None:
        raise refuse(f"a RANGE frame with an offset over {order[0].key.type}", position)
    return found
