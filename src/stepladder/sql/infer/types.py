"""Between the catalogs' names of types (`_int4`) and Type values."""

from __future__ import annotations

from stepladder.errors import UndefinedObject
from stepladder.sql.infer.catalog import catalog
from stepladder.sql.infer.context import refuse, wrong
from stepladder.sql.infer.raw import Raw, integer_constant, strings
from stepladder.sql.types import Type, with_modifiers

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


def type_of_name(raw: Raw) -> Type:
    """The type that a TypeName node means. Raises UndefinedObject."""
    name = strings(raw.get("names"))[-1]
    name = SERIALS.get(name, name)
    position = raw.get("location")
    if not catalog().has_type(name):
        raise wrong(UndefinedObject, f'type "{name}" does not exist', position)
    if name == "interval" and raw.get("typmods"):
        raise refuse("an interval with fields or a precision", position)
    numbers = [integer_constant(each) for each in raw.get("typmods", ())]
    if any(number is None for number in numbers):
        raise refuse("this type modifier", position)
    try:
        found = with_modifiers(name, [number for number in numbers if number is not None], name)
    except UndefinedObject as error:
        raise wrong(type(error), error.message, position, sqlstate=error.sqlstate) from error
    return Type("array", element=found) if raw.get("arrayBounds") else found
