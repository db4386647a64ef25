"""Text quoted for SQL, and format() which puts such text together."""

from __future__ import annotations

import re

from stepladder.errors import DataError, InvalidArgument
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.names import RESERVED

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_SPECIFIER = re.compile(
    r"%(?:(?P<place>[0-9]+)\$)?(?P<flags>-*)(?:(?P<width>[0-9]+)|\*(?:(?P<from>[0-9]+)\$)?(?P<star>))?"
)


def quote_literal(text: str) -> str:
    """quote_literal()."""
    doubled = text.replace("'", "''").replace("\\", "\\\\")
    return f"E'{doubled}'" if "\\" in text else f"'{doubled}'"


def quote_nullable(text: str | None) -> str:
    """quote_nullable(): the word NULL for NULL."""
    return "NULL" if text is None else quote_literal(text)


def quote_ident(text: str) -> str:
    """quote_ident()."""
    if _PLAIN.fullmatch(text) and text not in RESERVED:
        return text
    return '"' + text.replace('"', '""') + '"'


def format_text(pattern: str | None, *values: str | None) -> str | None:
    """format(): `%s`, `%I`, `%L`, with places and widths."""
    return None if pattern is None else _Formatted(values).text(pattern)


class _Formatted:
    def __init__(self, values: tuple[str | None, ...]) -> None:
        self._values = values
        self._next = 0

    def text(self, pattern: str) -> str:
        parts, at = [], 0
        while (found := pattern.find("%", at)) >= 0:
            parts.append(pattern[at:found])
            if pattern[found + 1 : found + 2] == "%":
                parts.append("%")
                at = found + 2
                continue
            specifier = _SPECIFIER.match(pattern, found)
            assert specifier is not None
            at = specifier.end() + 1
            parts.append(self._part(specifier, pattern[at - 1 : at]))
        return "".join([*parts, pattern[at:]])

    def _part(self, specifier: re.Match[str], kind: str) -> str:
        if not kind:
            raise InvalidArgument("unterminated format() type specifier")
        if kind not in "sIL":
            raise InvalidArgument(f'unrecognized format() type specifier "{kind}"')
        width = self._width(specifier)
        text = _shown(self._value(specifier["place"]), kind)
        if width < 0 or specifier["flags"]:
            return text.ljust(abs(width))
        return text.rjust(width)

    def _width(self, specifier: re.Match[str]) -> int:
        if specifier["width"]:
            return _number(specifier["width"])
        if specifier["star"] is None:
            return 0
        value = self._value(specifier["from"])
        return 0 if value is None else _number(value)

    def _value(self, place: str | None) -> str | None:
        if place is not None and _number(place) == 0:
            raise InvalidArgument("format specifies argument 0, but arguments are numbered from 1")
        self._next = self._next + 1 if place is None else int(place)
        if self._next > len(self._values):
            raise InvalidArgument("too few arguments for format()")
        return self._values[self._next - 1]


def _number(text: str) -> int:
    value = int(text)
    if abs(value) > 2**31 - 1:
        raise DataError("number is out of range", sqlstate="22003")
    return value


def _shown(value: str | None, kind: str) -> str:
    if kind == "L":
        return quote_nullable(value)
    if kind == "s":
        return value or ""
    if value is None:
        raise DataError("null values cannot be formatted as an SQL identifier", sqlstate="22004")
    return quote_ident(value)


SCALARS: tuple[Scalar, ...] = (
    strict("pg_quote_literal", 1, quote_literal),
    strict("pg_quote_ident", 1, quote_ident),
    Scalar("pg_quote_nullable", 1, quote_nullable),
    Scalar("pg_format", -1, format_text),
)
