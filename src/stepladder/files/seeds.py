"""A CSV file whose first line says the types of its columns: `code:text,vat:numeric(4,2)`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from stepladder.errors import LoadError, ProgrammingError
from stepladder.files.delimited_records import MalformedError, Records, record
from stepladder.files.lines import Lines, without_last_blank
from stepladder.files.source import FileSource, Record
from stepladder.sql import Column, Type, parse_type


def seed_source(path: Path) -> FileSource:
    """The file as a source of rows of text. A column without a type is text. Raises LoadError for a header that is
    none, MissingFile."""
    lines = Lines(path)
    with closing(iter(lines)) as start:
        records = Records(lines, start)
        if not records.advance():
            raise LoadError("the file is empty: it begins with a line of column names.")
        try:
            fields = _joined(records.fields())
        except MalformedError as error:
            raise LoadError(f"the header cannot be read: {error}.") from error
    columns = tuple(map(_column, fields))
    names = [column.name for column in columns]
    for name in names:
        if names.count(name) > 1:
            raise LoadError(f"the header names {name!r} twice.")
    return FileSource(columns, lines, lambda: _rows(lines, tuple(names)))


def _joined(fields: list[str | None]) -> list[str]:
    """The header's fields; a comma between parentheses belongs to a type."""
    found: list[str] = []
    for field in fields:
        if found and found[-1].count("(") > found[-1].count(")"):
            found[-1] += f",{field or ''}"
        else:
            found.append(field or "")
    return found


def _column(field: str) -> Column:
    name, _, type_ = (part.strip() for part in field.partition(":"))
    if not name:
        raise LoadError("a column of the header has no name.")
    try:
        return Column(name, parse_type(type_) if type_ else Type("text"))
    except ProgrammingError as error:
        raise LoadError(f"column {name!r}: {error.message}") from error


def _rows(lines: Lines, names: tuple[str, ...]) -> Iterator[Record]:
    with closing(iter(lines)) as start:
        records = Records(lines, start if len(names) == 1 else without_last_blank(start))
        records.advance()
        records.fields()
        while records.advance():
            yield record(records, names)
