"""A relation's name inside a value, as nextval('app.numbers') has it: read as PostgreSQL reads such a text, odd ones too."""

from __future__ import annotations

import re

from stepladder.errors import UndefinedTable, UsageError, database_error
from stepladder.sql.names import TableName, quote

# A word may hold anything but blanks and points: `a"b` is a name.
_PART = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^\s."][^\s.]*))\s*')


def relation_name(text: str) -> TableName:
    """The relation that the text names. Raises DatabaseError's classes: 42602 for no name, 42P01 for one that no table has."""
    parts = _parts(text)
    if len(parts) > 3:
        message = f"improper relation name (too many dotted names): {text}"
        raise database_error("42601")(message, sqlstate="42601")
    if len(parts) > 2:
        message = f'cross-database references are not implemented: "{text}"'
        raise database_error("0A000")(message, sqlstate="0A000")
    try:
        for part in parts:
            quote(part)
    except UsageError as error:
        raise UndefinedTable(f'relation "{text}" does not exist') from error
    return TableName(parts[0] if len(parts) == 2 else None, parts[-1])


def _parts(text: str) -> list[str]:
    parts, at = [], 0
    while match := _PART.match(text, at):
        quoted, plain = match[1], match[2]
        parts.append(quoted.replace('""', '"') if quoted is not None else plain.lower())
        at = match.end()
        if at == len(text):
            return parts
        if text[at] != ".":
            break
        at += 1
    raise database_error("42602")("invalid name syntax", sqlstate="42602")
