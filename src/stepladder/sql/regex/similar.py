"""SIMILAR TO's patterns as regular expressions (similar_escape_internal of PostgreSQL's regexp.c)."""

from __future__ import annotations

from functools import lru_cache

from stepladder.errors import DataError

_MARKS = {"%": ".*", "_": ".", "(": "(?:", "\\": "\\\\", ".": "\\.", "^": "\\^", "$": "\\$"}
# Around the part that substring() gives: what stands before it is as short as it can be.
_SEPARATORS = ("){1,1}?(", "){1,1}(?:")


@lru_cache(maxsize=512)
def similar_pattern(pattern: str, escape: str = "\\") -> str:
    """The regular expression of a pattern; `escape` may be empty. Raises DataError."""
    if len(escape) > 1:
        raise DataError("invalid escape string", sqlstate="22025")
    parts, separators = [], iter(_SEPARATORS)
    brackets = inside = 0  # how deep in brackets; 1 just behind the `[`, 2 behind `[^`, then 3
    letters = iter(pattern)
    for letter in letters:
        if escape and letter == escape:
            escaped = next(letters, "")
            if escaped == '"' and not brackets:
                parts.append(next(separators, ""))
                if not parts[-1]:
                    message = (
                        "SQL regular expression may not contain more than two escape-double-quote separators"
                    )
                    raise DataError(message, sqlstate="2200C")
            elif escaped:
                parts.append("\\" + escaped)
                inside = 3
        elif brackets:
            parts.append("\\\\" if letter == "\\" else letter)
            brackets += (letter == "[") - (letter == "]" and inside > 2)
            inside = inside + 1 if letter == "^" else 3
        else:
            brackets = inside = int(letter == "[")
            parts.append(_MARKS.get(letter, letter))
    return "^(?:" + "".join(parts) + ")$"
