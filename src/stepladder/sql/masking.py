"""SQL without its values: for logs and figures."""

from __future__ import annotations

import re

from stepladder.errors import SqlSyntaxError
from stepladder.sql.lexer import tokens

_SHOWN = {"string": "?", "escaped": "?", "dollar": "?", "number": "?", "space": " ", "comment": " "}
_BLANKS = re.compile(r" {2,}")
_SEVERAL = re.compile(r"\?(?:, ?\?)+")
_ROWS = re.compile(r"(\(\?(?:, …)?\))(?:, ?\(\?(?:, …)?\))+")


def masked(sql: str) -> str:
    """`sql` in one line with `?` for every literal, `?, …` for several, and without comments: statements that differ
    in their values only are one, and none is shown. Parameters keep their names."""
    parts: list[str] = []
    try:
        parts.extend(_SHOWN.get(token.kind, token.text) for token in tokens(sql))
    except SqlSyntaxError:
        parts.append("…")  # a quote or comment that is never closed, or was cut
    text = _BLANKS.sub(" ", "".join(parts))
    return _ROWS.sub(r"\1, …", _SEVERAL.sub("?, …", text)).strip(" ;")
