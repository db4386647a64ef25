"""Values of each type: everyday ones for tables, and those at the edges."""

from __future__ import annotations

import random

from stepladder.sql.infer.catalog import catalog

_TEXTS = [
    *("", " ", "abc", " Ab c ", "a%b_c", "a,b,,c", "ÀéßİıǆΣ", "x'y\"z\\", "12", "-7.5", "(a)(b)", "a+|b*?"),
    *("\\d+", "[a-c]", "日本", "e\u0301", "a\nb", "UTF8", "hex", "i", "g", "base64", "NFC", "2024-02-29"),
]
_INTS = ["0", "1", "-1", "2", "3", "7", "-5", "100"]
_DAYS = ["2024-02-29", "1999-12-31", "0001-01-01", "2024-01-01", "1970-01-01"]
_TIMES = ["00:00:00", "23:59:59.999999", "12:30:00"]
_JSONS = ["null", "1", "1.50", '"a"', "true", "[]", "{}", '{"a":1,"b":[1,2,{"c":null}]}', '[1,"a",null]']
EDGES: dict[str, list[str]] = {
    "text": _TEXTS,
    "unknown": _TEXTS,
    "varchar": _TEXTS,
    "name": ["UTF8", "LATIN1", "abc"],
    "bpchar": ["", "a", "ab  ", "  b"],
    "bytea": ["\\x", "\\x00", "\\x00ff80", "\\x616263", "\\xc3a9"],
    "bool": ["true", "false"],
    "int2": [*_INTS, "32767", "-32768"],
    "int4": [*_INTS, "2147483647", "-2147483648"],
    "int8": [*_INTS, "9223372036854775807", "-9223372036854775808", "5000000000"],
    "numeric": [*_INTS, "0.0", "1.50", "-2.345", "1e20", "1e-10", "123456789.987654321"],
    "float4": [*_INTS, "0.1", "-2.5", "1e30"],
    "float8": [*_INTS, "0.1", "-2.5", "1e300", "1e-300", "3.5"],
    "date": _DAYS,
    "time": _TIMES,
    "timestamp": [f"{day} {time}" for day in _DAYS for time in _TIMES],
    "timestamptz": [f"{day} {time}+00" for day in _DAYS[:2] for time in _TIMES],
    "interval": ["0", "1 day", "-1 day 02:00", "1 mon", "36:00:00", "1 year 2 mons 3 days 04:05:06.7"],
    "uuid": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000"],
    "json": _JSONS,
    "jsonb": _JSONS,
    "jsonpath": ["$", "$.a", "$[*]", "$.b[0]"],
}
# Nothing here is near the end of its type, and sums of the floats are exact in any order.
EVERYDAY: dict[str, list[str]] = {
    "int2": ["1", "2", "3", "-4"],
    "int4": ["1", "2", "3", "4", "-7", "0", "12"],
    "int8": ["1", "2", "30", "-4", "5000000000"],
    "numeric": ["1.50", "2.00", "-1.25", "0.00", "99.99", "3.10"],
    "float4": ["0.5", "-2.25", "3", "1.75"],
    "float8": ["0.5", "-2.25", "3", "0.125", "100.75"],
    "bool": ["true", "false"],
    "text": ["a", "b", "Ab c", "", "a%b", "x,y,z", "42", "Zürich"],
    "varchar": ["a", "b", "Ab", ""],
    "date": ["2024-01-31", "2024-02-29", "2023-12-31", "2024-03-31"],
    "time": ["00:00:00", "12:30:00", "23:59:59.5"],
    "timestamp": ["2024-01-31 23:59:59.5", "2024-03-31 02:30:00", "2024-02-29 00:00:00"],
    "timestamptz": ["2024-03-31 01:00:00+00", "2024-02-29 12:34:56.789123+02", "2024-10-27 00:30:00+00"],
    "interval": ["1 day", "02:30:00", "-1 days", "1 mon", "1 day 03:04:05"],
    "uuid": EDGES["uuid"],
    "jsonb": ['{"a": 1, "b": [1, 2]}', '{"a": "x"}', "[1, 2, 3]", '"s"', "7", "null", '{"b": {"c": true}}'],
    "_int4": ["{1,2,3}", "{}", "{4,NULL}", "{2}"],
    "_text": ["{a,b}", "{}", '{"x y",NULL}', "{a}"],
    "bytea": ["\\x00ff", "\\x616263", "\\x"],
}
_ALPHABET = "aAbBcC019 _-%\\.,*+?()[]{}|^$'\"éß日\n"


def quoted(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("'", "''") + "'"


def spelled(type_: str) -> str:
    """A type as SQL spells it."""
    element = catalog().element(type_)
    return f"{element}[]" if element else type_


def everyday(chance: random.Random, type_: str) -> str:
    """A literal of the type that no function fails on."""
    if chance.random() < 0.05:
        return f"NULL::{spelled(type_)}"
    return f"{quoted(chance.choice(EVERYDAY[type_]))}::{spelled(type_)}"


def value(chance: random.Random, type_: str) -> str:
    """A literal of the type, the edges often, or NULL."""
    return f"NULL::{spelled(type_)}" if chance.random() < 0.05 else edge(chance, type_)


def edge(chance: random.Random, type_: str) -> str:
    """A literal of the type, the edges often; a text mostly one of random letters."""
    element = catalog().element(type_)
    if element:
        listed = ", ".join(value(chance, element) for _ in range(chance.randint(0, 3)))
        return f"ARRAY[{listed}]::{element}[]"
    if type_ in ("text", "unknown", "varchar") and chance.random() < 0.5:
        text = "".join(chance.choices(_ALPHABET, k=chance.randint(1, 6)))
    else:
        text = chance.choice(EDGES[type_])
    found = quoted(text)
    return found if type_ == "unknown" else f"{found}::{'character(4)' if type_ == 'bpchar' else type_}"


def has_values(type_: str) -> bool:
    """Whether there are literals of the type."""
    return (catalog().element(type_) or type_) in EDGES
