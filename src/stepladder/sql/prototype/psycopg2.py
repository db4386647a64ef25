"""psycopg2's placeholders as :name."""

from __future__ import annotations

import re

from stepladder.sql.lexer import tokens
from stepladder.sql.prototype.remarks import Remarks

_PLACEHOLDER = re.compile(r"%\((\w+)\)s|%(s)|%%|%")


def from_psycopg2(sql: str, remarks: Remarks) -> str:
    """`sql` with :p1, :p2 … for %s, :name for %(name)s, and % for %%. Raises SqlSyntaxError for an open quote."""
    quoted = [
        range(token.start, token.end)
        for token in tokens(sql.replace("%%", "%_"))
        if token.kind in ("string", "escaped", "quoted", "dollar", "comment", "space")
    ]
    number = 0

    def put(match: re.Match[str]) -> str:
        nonlocal number
        if match[0] == "%%":
            return "%"
        if match[0] == "%":
            remarks.refuse(match.start(), "a single % is no placeholder: psycopg2 wants %%", "%%")
            return "%"
        if any(match.start() in span for span in quoted):
            remarks.refuse(
                match.start(), f"{match[0]} stands inside quotes or a comment", "put it outside: '%' || :name"
            )
            return match[0]
        number += match[2] is not None
        return f":{match[1]}" if match[1] else f":p{number}"

    found = _PLACEHOLDER.sub(put, sql)
    if number:
        remarks.note(0, f"%s became :p1 to :p{number}: give their values by name")
    return found
