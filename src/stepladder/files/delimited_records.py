"""CSV as RFC 4180 has it (https://www.rfc-editor.org/rfc/rfc4180), with PostgreSQL's reading of nothing.

As in COPY's CSV format (https://www.postgresql.org/docs/current/sql-copy.html) a field without quotes that is
empty is NULL, one with quotes is an empty string. Python's csv module cannot tell them apart before 3.12,
and it takes quotes inside unquoted fields without a word: hence a splitter of our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stepladder.errors import LoadError
from stepladder.files.lines import LONGEST_LINE, Lines, readable
from stepladder.files.source import Record, Reject

Fields = list[str | None]

_PLAIN = re.compile(r'[^",\r\n]*')
_TO_QUOTE = re.compile(r'(?:[^"]++|"")*+')
_LINE_END = re.compile(r"\r?\n?\Z")


class MalformedError(Exception):
    """The record cannot be split; the message is the reason."""


def record(records: Records, names: tuple[str, ...]) -> Record:
    """The record that `records` has come to: its line and values, or a reject."""
    try:
        fields = records.fields()
    except MalformedError as error:
        return _reject(records, str(error))
    if len(fields) == len(names):
        return records.line, tuple(fields)
    return _reject(records, _wrong_count(fields, names))


def _wrong_count(fields: Fields, names: tuple[str, ...]) -> str:
    if fields == [None]:
        return "empty line"
    noun = "field" if len(fields) == 1 else "fields"
    return f"{len(fields)} {noun} where the header has {len(names)}"


def _reject(records: Records, reason: str) -> Reject:
    return Reject(None, records.line, None, None, reason, readable(b"".join(records.raw)))


class Records:
    """Steps through a file record by record: `advance()`, then once `fields()`, `line` and `raw`."""

    def __init__(self, lines: Lines, numbered: Iterator[tuple[int, bytes]]) -> None:
        self._path = lines.path
        self._numbered = numbered
        self.line = 0
        self.raw: list[bytes] = []
        self._size = 0
        self._fault: str | None = None

    def advance(self) -> bool:
        """Goes to the next record; False at the end of the file."""
        found = next(self._numbered, None)
        if found is None:
            return False
        self.line, first = found
        self.raw = [first]
        self._size = len(first)
        self._fault = None
        return True

    def fields(self) -> Fields:
        """The record's fields, reading as many lines as it takes. Raises MalformedError with the reason."""
        text = self._text(self.raw[0])
        if '"' in text:
            fields = self._quoted_fields(text)
        else:
            body = text.removesuffix("\n").removesuffix("\r")
            if "\r" in body:
                raise MalformedError(_stray(body, body.index("\r")))
            fields = [field or None for field in body.split(",")]
        if self._fault is not None:
            raise MalformedError(self._fault)
        return fields

    def _quoted_fields(self, text: str) -> Fields:
        fields: Fields = []
        at = 0
        while True:
            if text.startswith('"', at):
                value, text, at = self._quoted(text, at + 1)
                fields.append(value)
            else:
                plain = _PLAIN.match(text, at)
                assert plain is not None
                fields.append(plain[0] or None)
                at = plain.end()
            if _LINE_END.match(text, at):
                return fields
            if text[at] != ",":
                raise MalformedError(self._fault or _stray(text, at))
            at += 1

    def _quoted(self, text: str, at: int) -> tuple[str, str, int]:
        """The value of the field that is opened before `at`, the line it ends in, and the place after it."""
        parts: list[str] = []
        while True:
            inside = _TO_QUOTE.match(text, at)
            assert inside is not None
            parts.append(inside[0])
            if inside.end() < len(text):
                return "".join(parts).replace('""', '"'), text, inside.end() + 1
            text, at = self._next_line(), 0

    def _next_line(self) -> str:
        found = next(self._numbered, None)
        if found is None:
            raise MalformedError(
                f"a quote that is opened here is never closed: {len(self.raw)} lines, to the end"
            )
        self.raw.append(found[1])
        self._size += len(found[1])
        if self._size > LONGEST_LINE:
            raise LoadError(
                f"{self._path}, line {self.line}: a quote is not closed within {LONGEST_LINE:,} bytes."
            )
        return self._text(found[1])

    def _text(self, line: bytes) -> str:
        """`line` as text; what is wrong with it is kept, for the record's end must be found all the same."""
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            self._fault = (
                f"byte 0x{line[error.start]:02x}, number {error.start + 1} of its line, is not UTF-8"
            )
            return line.decode("utf-8", "surrogateescape")
        if "\0" in text:
            self._fault = f"character {text.index(chr(0)) + 1} of its line is NUL, which cannot stand in text"
        return text


def _stray(text: str, at: int) -> str:
    place = f"character {at + 1} of its line"
    if text[at] == "\r":
        return f"a carriage return outside quotes, {place}"
    if text[at] == '"':
        return f"a quote inside a field that does not begin with one, {place}"
    return f"text after the closing quote, {place}"
