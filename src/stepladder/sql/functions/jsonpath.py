"""SQL/JSON paths over a document, in lax mode: arrays are unwrapped where a member is asked for, and nothing is missing."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from stepladder.errors import DataError, UndefinedObject
from stepladder.sql.functions.jsonb import Document, document, kind
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.jsonpath import Literal, Path, Predicate, Step, parse_path
from stepladder.sql.jsons import jsonb_text

_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Truth = bool | None  # None is unknown


@dataclass(frozen=True, slots=True)
class _Context:
    root: Document
    variables: Mapping[str, Document]


def found(text: str, path: str, variables: str = "{}") -> Iterator[Document]:
    """What the path finds, in order."""
    values = document(variables)
    if not isinstance(values, dict):
        raise DataError('"vars" argument is not an object', sqlstate="22023")
    context = _Context(document(text), values)
    node = parse_path(path)
    if isinstance(node, Predicate):
        yield _truth(context, node, context.root)
    else:
        yield from _values(context, node, context.root)


def _values(context: _Context, node: Path | Literal, current: Document) -> Iterator[Document]:
    if isinstance(node, Literal):
        yield node.value
        return
    found_: Iterator[Document] = iter([_start(context, node.start, current)])
    for step in node.steps:
        found_ = _through(context, step, found_)
    yield from found_


def _start(context: _Context, word: str, current: Document) -> Document:
    if word in ("$", "@"):
        return context.root if word == "$" else current
    if word[1:] not in context.variables:
        raise UndefinedObject(f'could not find jsonpath variable "{word[1:]}"')
    return context.variables[word[1:]]


def _through(context: _Context, step: Step, values: Iterator[Document]) -> Iterator[Document]:
    for value in values:
        if step.kind == "elements":
            yield from _elements(value, step.detail)
        elif step.kind == "method":
            yield _method(value, step.detail)
        else:
            for item in value if isinstance(value, list) else [value]:
                yield from _of_item(context, step, item)


def _of_item(context: _Context, step: Step, item: Document) -> Iterator[Document]:
    if step.kind == "filter":
        if _truth(context, step.detail, item) is True:
            yield item
    elif isinstance(item, dict):
        if step.kind == "members":
            yield from item.values()
        elif step.detail in item:
            yield item[step.detail]


def _elements(value: Document, ranges: Any) -> Iterator[Document]:
    items = value if isinstance(value, list) else [value]
    if ranges is None:
        yield from items
        return
    for first, last in ranges:
        low, high = (place + len(items) if place < 0 else place for place in (first, last))
        yield from items[max(low, 0) : max(high + 1, 0)]


def _method(value: Document, name: str) -> Document:
    if name == "type":
        return kind(value)
    return Decimal(len(value) if isinstance(value, list) else 1)


# -- predicates
def _truth(context: _Context, node: Predicate, current: Document) -> Truth:
    if node.word == "exists":
        return next(_values(context, node.parts[0], current), _NOTHING) is not _NOTHING
    if node.word in ("starts", *_COMPARED):
        return _any_pair(context, node, current)
    truths = [_truth(context, part, current) for part in node.parts]
    if node.word == "not":
        return None if truths[0] is None else not truths[0]
    if node.word == "unknown":
        return truths[0] is None
    decisive = node.word == "or"
    return decisive if decisive in truths else None if None in truths else not decisive


_NOTHING: Any = object()


def _any_pair(context: _Context, node: Predicate, current: Document) -> Truth:
    left, right = (list(_unwrapped(_values(context, part, current))) for part in node.parts)
    test = _starts if node.word == "starts" else _compare(node.word)
    truths = [test(one, other) for one in left for other in right]
    return True if True in truths else None if None in truths else False


def _unwrapped(values: Iterator[Document]) -> Iterator[Document]:
    for value in values:
        yield from value if isinstance(value, list) else [value]


def _starts(one: Document, other: Document) -> Truth:
    return one.startswith(other) if isinstance(one, str) else None


def _compare(symbol: str) -> Callable[[Document, Document], Truth]:
    compare = _COMPARED[symbol]

    def test(one: Document, other: Document) -> Truth:
        if kind(one) != kind(other):
            return symbol == "<>" if one is None or other is None else None
        if isinstance(one, list | dict):
            return None
        return compare(0, 0) if one is None else compare(one, other)

    return test


# -- functions
def path_exists(text: str, path: str, variables: str = "{}") -> int:
    """jsonb_path_exists() and `@?`."""
    return int(next(found(text, path, variables), _NOTHING) is not _NOTHING)


def path_match(text: str, path: str, variables: str = "{}") -> int | None:
    """jsonb_path_match(). Raises DataError for what is no truth."""
    values = list(found(text, path, variables))
    if len(values) != 1 or not isinstance(values[0], bool | None):
        raise DataError("single boolean result is expected", sqlstate="22038")
    return None if values[0] is None else int(values[0])


def path_matches(text: str, path: str) -> int | None:
    """`@@`: NULL for what is no truth."""
    values = list(found(text, path))
    return int(values[0]) if len(values) == 1 and isinstance(values[0], bool) else None


def path_query_array(text: str, path: str, variables: str = "{}") -> str:
    """jsonb_path_query_array()."""
    return jsonb_text(list(found(text, path, variables)))


def path_query_first(text: str, path: str, variables: str = "{}") -> str | None:
    """jsonb_path_query_first(): None where nothing is found."""
    first = next(found(text, path, variables), _NOTHING)
    return None if first is _NOTHING else jsonb_text(first)


SCALARS: tuple[Scalar, ...] = (
    strict("pg_jsonb_path_exists", -1, path_exists),
    strict("pg_jsonb_path_match", -1, path_match),
    strict("pg_jsonb_path_matches", 2, path_matches),
    strict("pg_jsonb_path_query_array", -1, path_query_array),
    strict("pg_jsonb_path_query_first", -1, path_query_first),
)
