"""Between the catalogs' names of types (`_int4`) and Type values."""

from __future__ import annotations

from dataclasses import replace

from stepladder.errors import UndefinedObject, database_error
from stepladder.sql.infer.catalog import catalog
from stepladder.sql.infer.context import refuse, wrong
from stepladder.sql.infer.raw import Raw, integer_constant, strings
from stepladder.sql.types import Type, with_modifiers

# The bits of an interval's fields, utils/timestamp.h
_SPAN_FIELDS = {4: "year", 2: "month", 8: "day", 1024: "hour", 2048: "minute", 4096: "second"}
SERIALS = {
    "serial": "int4",
    "serial4": "int4",
    "bigserial": "int8",
    "serial8": "int8",
    "smallserial": "int2",
    "serial2": "int2",
}


def catalog_name(type_: Type) -> str:
    """The name that the catalogs know the type by."""
    return type_.name if type_.element is None else f"_{type_.element.name}"


def from_catalog(name: str) -> Type:
    """The inverse of `catalog_name`."""
    element = catalog().element(name)
    return Type(name) if element is None else Type("array", element=Type(element))


def span_fields(mask: int) -> str:
    """An interval's fields as they are spelled, `day to hour`; "" for all."""
    words = [word for bit, word in _SPAN_FIELDS.items() if mask & bit]
    return "" if len(words) == len(_SPAN_FIELDS) else " to ".join(dict.fromkeys((words[0], words[-1])))


def type_of_name(raw: Raw) -> Type:
    """The type that a TypeName node means. Raises UndefinedObject."""
    name = strings(raw.get("names"))[-1]
    name = SERIALS.get(name, name)
    position = raw.get("location")
    if not catalog().has_type(name):
        raise wrong(UndefinedObject, f'type "{name}" does not exist', position)
    if name.startswith("_"):  # `_int4`, as the catalogs spell int4[]
        return from_catalog(name)
    numbers = [integer_constant(each) for each in raw.get("typmods", ())]
    if any(number is None for number in numbers):
        raise refuse("this type modifier", position)
    known = [number for number in numbers if number is not None]
    try:
        if name == "interval" and known:
            found = replace(with_modifiers(name, known[1:], name), fields=span_fields(known[0]))
        else:
            found = with_modifiers(name, known, name)
    except UndefinedObject as error:
        raise wrong(
            database_error(error.sqlstate), error.message, position, sqlstate=error.sqlstate
        ) from error
    return Type("array", element=found) if raw.get("arrayBounds") else found
