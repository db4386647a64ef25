"""Expressions made another type: unknown literals read, parameters typed, casts put into the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stepladder.errors import DatabaseError, DatatypeMismatch, NotPortable, ParameterError, ProgrammingError
from stepladder.sql.encoding import encoder
from stepladder.sql.infer.catalog import ASSIGNMENT, EXPLICIT, IMPLICIT, catalog
from stepladder.sql.infer.clock_words import clock_word
from stepladder.sql.infer.context import BOOL, TEXT, UNKNOWN, refuse, wrong
from stepladder.sql.infer.scales import scale, width
from stepladder.sql.infer.tree import ArrayOf, Cast, Constant, Expression, Parameter
from stepladder.sql.infer.types import catalog_name, from_catalog
from stepladder.sql.numerals import parse_numeric
from stepladder.sql.types import Type, fits_integer

_INTEGERS = ("int2", "int4", "int8")


def coerce(node: Expression, target: Type, context: int = IMPLICIT, *, what: str = "") -> Expression:
    """`node` as `target`. Raises DatatypeMismatch where the context does not allow it; `what` begins its message."""
    bare = target.bare
    if node.type == UNKNOWN:
        node = _known(node, target if target.name == "interval" else bare)
    elif node.type.bare != bare:
        node = _cast(node, bare, context, what)
    return modified(node, target, explicit=context == EXPLICIT)


def modified(node: Expression, target: Type, *, explicit: bool) -> Expression:
    """`node`, of the same type but for its modifiers, fitted to those of `target`."""
    if not target.modified or node.type == target:
        return node
    if isinstance(node, Constant) and node.value is None:
        return replace(node, type=target)
    return Cast(type=target, position=node.position, argument=node, method="relabel", explicit=explicit)


def _known(node: Expression, bare: Type) -> Expression:
    """An unknown literal or parameter in the type that its context asks for."""
    if isinstance(node, Parameter):
        return replace(node, type=bare)
    assert isinstance(node, Constant)
    if node.value is None:
        return replace(node, type=bare)
    clock = clock_word(node.value, bare, node.position)
    if clock is not None:
        return clock
    try:
        encode = encoder(bare)
        return replace(node, type=bare, value=encode(node.value) if encode else node.value)
    except DatabaseError as error:
        raise wrong(type(error), error.message, node.position, sqlstate=error.sqlstate) from error
    except NotPortable as error:
        raise NotPortable(error.what, why=error.why, instead=error.instead, position=node.position) from error
    except ParameterError as error:
        raise refuse(error.message, node.position) from error


def _cast(node: Expression, bare: Type, context: int, what: str) -> Expression:
    if isinstance(node, ArrayOf) and bare.element is not None:
        elements = tuple(coerce(each, bare.element, context, what=what) for each in node.elements)
        return replace(node, type=bare, elements=elements)
    method = catalog().path(catalog_name(node.type), catalog_name(bare), context)
    if method is None:
        raise _no_cast(node, bare, context, what)
    if isinstance(node, Constant):
        folded = _folded(node, bare)
        if folded is not None:
            return folded
    if bare.name == "numeric":
        bare = Type("numeric", scale=scale(node.type))
    return Cast(type=bare, position=node.position, argument=node, method=method, explicit=context == EXPLICIT)


def _no_cast(node: Expression, bare: Type, context: int, what: str) -> DatabaseError:
    if context == EXPLICIT:
        message = f"cannot cast type {node.type.bare} to {bare}"
        return wrong(ProgrammingError, message, node.position, sqlstate="42846")
    if what.startswith("column"):
        message = f"{what} is of type {bare} but expression is of type {node.type.bare}"
    else:
        message = f"{what or 'argument'} must be type {bare}, not type {node.type.bare}"
    return wrong(DatatypeMismatch, message, node.position)


def _folded(node: Constant, bare: Type) -> Constant | None:
    """A literal number as another number type, where nothing can be lost."""
    if node.value is None:
        return replace(node, type=bare)
    if node.type.name in _INTEGERS and bare.name in _INTEGERS and fits_integer(bare.name, node.value):
        return replace(node, type=bare)
    if node.type.name in _INTEGERS and bare.name == "numeric":
        return replace(node, type=Type("numeric", scale=0), value=str(node.value))
    if node.type.name in _INTEGERS and bare.name == "float8":
        return replace(node, type=bare, value=float(node.value))
    if node.type.name == "numeric" and bare.name == "float8" and parse_numeric(node.value).is_finite():
        return replace(node, type=bare, value=float(node.value))
    return None


def boolean(node: Expression, what: str) -> Expression:
    """`node` as a condition."""
    return coerce(node, BOOL, what=f"argument of {what}")


def common_type(
    nodes: Sequence[Expression], what: str, *, types_first: Sequence[Expression] | None = None
) -> Type:
    """The type that these expressions have in common, with modifiers where all share them.

    Raises DatatypeMismatch. `types_first` is the order in which the rule looks at them.
    """
    looked_at = list(types_first or nodes)
    found = catalog().common([catalog_name(node.type) for node in looked_at])
    if found is None:
        shown = " and ".join(dict.fromkeys(str(node.type.bare) for node in nodes if node.type != UNKNOWN))
        raise wrong(DatatypeMismatch, f"{what} types {shown} cannot be matched", nodes[-1].position)
    type_ = from_catalog(found)
    known = {node.type for node in nodes}
    shared = next(iter(known)) if len(known) == 1 else None
    if shared is not None and shared.bare == type_:
        return shared
    if type_.name == "bpchar":
        return Type("bpchar", scale=_shared_width(nodes))
    if type_.name != "numeric":
        return type_
    scales = {scale(node.type) for node in nodes if not _is_null(node)}
    return Type("numeric", scale=scales.pop() if len(scales) == 1 else None)


def _shared_width(nodes: Sequence[Expression]) -> int | None:
    """The width to which all values of these character(n) are padded; literals are as wide as they are written."""
    widths: set[int | None] = set()
    for node in nodes:
        if isinstance(node, Constant) and isinstance(node.value, str) and node.type == UNKNOWN:
            widths.add(len(node.value))
        elif not _is_null(node):
            widths.add(width(node.type))
    return widths.pop() if len(widths) == 1 else None


def _is_null(node: Expression) -> bool:
    return isinstance(node, Constant) and node.value is None


def unify(
    nodes: Sequence[Expression], what: str, *, types_first: Sequence[Expression] | None = None
) -> tuple[Type, tuple[Expression, ...]]:
    """The common type, and the expressions in it."""
    type_ = common_type(nodes, what, types_first=types_first)
    return type_, tuple(_to_common(node, type_, what) for node in nodes)


def _to_common(node: Expression, type_: Type, what: str) -> Expression:
    if node.type == type_:
        return node
    method = node.type == UNKNOWN or catalog().path(
        catalog_name(node.type), catalog_name(type_.bare), IMPLICIT
    )
    if not method:
        message = f"{what} could not convert type {node.type.bare} to {type_.bare}"
        raise wrong(ProgrammingError, message, node.position, sqlstate="42846")
    return coerce(node, type_)


def resolved(node: Expression) -> Expression:
    """`node` with a type: what is still unknown is text."""
    return coerce(node, TEXT) if node.type == UNKNOWN else node


def assign(node: Expression, target: Type, column: str) -> Expression:
    """`node` as a column's value: casts that INSERT and UPDATE may make; text that is too long is an error."""
    return coerce(node, target, ASSIGNMENT, what=f'column "{column}"')
