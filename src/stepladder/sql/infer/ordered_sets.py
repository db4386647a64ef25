"""Ordered-set aggregates: percentiles, mode, and where a row would stand (WITHIN GROUP)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stepladder.errors import ProgrammingError, UndefinedFunction, UndefinedObject
from stepladder.sql.infer.aggregates import note_level, refuse_nested
from stepladder.sql.infer.calls import choose_function, function_name
from stepladder.sql.infer.catalog import Choice
from stepladder.sql.infer.coercion import coerce, unify
from stepladder.sql.infer.context import Analysis, Scope, wrong
from stepladder.sql.infer.ordering import Analyse, filter_of, orders
from stepladder.sql.infer.raw import Raw
from stepladder.sql.infer.scales import scale
from stepladder.sql.infer.tree import Aggregate, Expression
from stepladder.sql.infer.types import from_catalog
from stepladder.sql.types import Type


def ordered_set(analysis: Analysis, body: Raw, scope: Scope, analyse: Analyse) -> Expression:
    """A FuncCall node with WITHIN GROUP. Raises ProgrammingError's classes."""
    position, name = body.get("location"), function_name(body)
    direct = tuple(analyse(analysis, each, scope) for each in body.get("args", ()))
    order = orders(analysis, body.get("agg_order"), scope, analyse)
    keys = tuple(each.key for each in order)
    choice = choose_function(name, (*direct, *keys), position)
    _check(choice, body, position)
    hypothetical = choice.procedure is not None and choice.procedure.kind == "h"
    direct, keys = (_matched if hypothetical else _chosen)(choice, direct, keys, position)
    refuse_nested((*direct, *keys), position)
    note_level(keys, scope, position)
    return Aggregate(
        type=_result(choice, keys),
        position=position,
        name=choice.name,
        arguments=keys,
        distinct=False,
        filter=filter_of(analysis, body, scope, analyse),
        order=tuple(replace(each, key=key) for each, key in zip(order, keys, strict=True)),
        direct=direct,
        within=True,
    )


def _check(choice: Choice, body: Raw, position: int | None) -> None:
    kind = choice.procedure.kind if choice.procedure else "f"
    if kind not in ("o", "h"):
        message = f"{choice.name} is not an ordered-set aggregate, so it cannot have WITHIN GROUP"
        raise wrong(ProgrammingError, message, position, sqlstate="42809")
    if "over" in body:
        message = f"OVER is not supported for ordered-set aggregate {choice.name}"
        raise wrong(ProgrammingError, message, position, sqlstate="0A000")


def _chosen(
    choice: Choice, direct: Sequence[Expression], keys: Sequence[Expression], position: int | None
) -> tuple[tuple[Expression, ...], tuple[Expression, ...]]:
    if len(keys) != 1:
        message = f"function {choice.name} with so many arguments does not exist"
        raise wrong(UndefinedFunction, message, position)
    types = [from_catalog(name) for name in choice.arguments]
    found = [coerce(node, type_) for node, type_ in zip((*direct, *keys), types, strict=True)]
    return tuple(found[: len(direct)]), tuple(found[len(direct) :])


def _matched(
    choice: Choice, direct: Sequence[Expression], keys: Sequence[Expression], position: int | None
) -> tuple[tuple[Expression, ...], tuple[Expression, ...]]:
    """A hypothetical row has one value for each key, of the type that both have in common."""
    if len(direct) != len(keys):
        message = f"function {choice.name} needs as many arguments as WITHIN GROUP has keys"
        raise wrong(UndefinedFunction, message, position)
    pairs = [unify(pair, "WITHIN GROUP")[1] for pair in zip(direct, keys, strict=True)]
    return tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)


def _result(choice: Choice, keys: Sequence[Expression]) -> Type:
    type_ = from_catalog(choice.result)
    if choice.name == "percentile_disc" and choice.arguments[0] == "_float8" and keys[-1].type.element:
        message = f"could not find array type for data type {keys[-1].type.bare}"
        raise wrong(UndefinedObject, message, keys[-1].position)
    return Type("numeric", scale=scale(keys[-1].type)) if type_.name == "numeric" else type_
