"""Arguments by name, `make_interval(days => 3)`, put where the function has them; what is left out is its default."""

from __future__ import annotations

from collections.abc import Sequence

from stepladder.errors import ProgrammingError, UndefinedFunction
from stepladder.sql.infer.catalog import Procedure, catalog
from stepladder.sql.infer.coercion import coerce
from stepladder.sql.infer.context import INT4, refuse, wrong
from stepladder.sql.infer.tree import Constant, Expression
from stepladder.sql.infer.types import from_catalog

Given = Sequence[tuple[str | None, Expression]]  # a name or none, and the value
_ALL_ZERO = frozenset(["make_interval"])  # the catalogs' defaults are expressions: these functions' are zeros


def in_place(name: str, given: Given, position: int | None) -> tuple[Expression, ...]:
    """The arguments in the order of the function that has such names. Raises UndefinedFunction, NotPortable."""
    words = [word for word, _ in given if word]
    for word in words:
        if words.count(word) > 1:
            message = f'argument name "{word}" used more than once'
            raise wrong(ProgrammingError, message, position, sqlstate="42601")
    matching = [each for each in catalog().procedures(name) if _fits(each, given)]
    if not matching:
        shown = ", ".join(f"{word} => {node.type}" if word else str(node.type) for word, node in given)
        raise wrong(UndefinedFunction, f"function {name}({shown}) does not exist", position)
    procedure = min(matching, key=lambda each: len(each.arguments))
    by_name = {word: node for word, node in given if word}
    positional = [node for word, node in given if not word]
    count = max([len(positional), *(procedure.names.index(word) + 1 for word in by_name)])
    rest = [
        by_name.get(word) or _default(procedure, place, position)
        for place, word in enumerate(procedure.names[:count])
        if place >= len(positional)
    ]
    return (*positional, *rest)


def _fits(procedure: Procedure, given: Given) -> bool:
    named = [word for word, _ in given if word]
    positional = len(given) - len(named)
    left = procedure.names[positional : len(procedure.arguments)]
    required = procedure.names[positional : len(procedure.arguments) - procedure.defaults]
    return set(named) <= set(left) and set(required) <= set(named)


def _default(procedure: Procedure, place: int, position: int | None) -> Expression:
    if procedure.name not in _ALL_ZERO:
        raise refuse(
            f"leaving out the argument {procedure.names[place]} of {procedure.name}",
            position,
            instead="give every argument before the last one that you name",
        )
    return coerce(Constant(type=INT4, position=position, value=0), from_catalog(procedure.arguments[place]))
