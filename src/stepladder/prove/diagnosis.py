"""Of what class a difference between SQLite and PostgreSQL is: from the two values and what the model's SQL uses.

A class is named only where the values fit it; else a difference is "not classified", with what to look at first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from stepladder.compare import Difference
from stepladder.prove.diagnosis_values import VALUES
from stepladder.prove.diagnosis_words import Case, Cause, missing
from stepladder.sql import Constructs

__all__ = ["Cause", "diagnose"]

_SUSPECTS = {
    "like": "LIKE",
    "regex": "regular expressions",
    "division": "division",
    "rounding": "rounding and casts to integers",
    "aggregate": "sums and averages",
    "case mapping": "lower, upper or initcap",
    "json": "JSON",
    "zone": "time zones",
    "rank": "row_number and the like",
    "choice": "values that an order picks",
    "extreme": "min, max",
}


def diagnose(found: Difference, uses: Constructs, *, by_bytes: bool = True) -> Cause:
    """The class of a difference whose left side is SQLite. `by_bytes` says whether the server orders text so.

    Classes: "LIKE's case", "half rounding", "fewer digits", "integer division", "float summation", "float rounding",
    "sign of zero", "text order", "NULL order", "order of elements", "order", "time zone", "fraction of a second",
    "text case mapping", "case of letters", "jsonb text", "text form", "padding", "white space", "NULL", "type", "scale",
    "clock", "random", "missing rows", "duplicate rows", "columns", "not classified".
    """
    case = Case(found.left, found.right, uses, by_bytes)
    whole = _WHOLE.get(found.reason)
    if whole is not None:
        return whole(case)
    return next((cause for rule in VALUES if (cause := rule(case, found.reason))), None) or _unknown(case)


def _unknown(case: Case) -> Cause:
    suspects = [text for word, text in _SUSPECTS.items() if word in case.uses.words]
    look = f" The model uses {', '.join(suspects)}: look there first." if suspects else ""
    return Cause("not classified", f"No known cause fits these two values.{look}")


# -- whole rows
def _one_sided(case: Case) -> Cause:
    row = case.left if case.left is not None else case.right
    for pattern in case.uses.patterns:
        for cell in row:
            if isinstance(cell, str) and "like" in case.uses.words and _only_without_case(cell, pattern):
                return Cause(
                    "LIKE's case",
                    f"{cell!r} is like {pattern!r} only when the case of letters does not count; PostgreSQL's LIKE counts it.",
                )
    texts = any(isinstance(cell, str) for cell in row)
    if not case.by_bytes and texts and case.uses.words & {"comparison", "extreme", "choice", "rank"}:
        return Cause(
            "text order",
            "The model compares or picks by order, and the server orders text otherwise than by its bytes.",
        )
    side = "PostgreSQL" if case.left is None else "SQLite"
    return Cause("missing rows", f"Only {side} has the row.")


def _only_without_case(text: str, pattern: str) -> bool:
    parts = (
        "." if part == "_" else ".*" if part == "%" else re.escape(part.removeprefix("\\"))
        for part in _parts(pattern)
    )
    wanted = "".join(parts)
    return bool(re.fullmatch(wanted, text, re.DOTALL | re.IGNORECASE)) and not re.fullmatch(
        wanted, text, re.DOTALL
    )


def _parts(pattern: str) -> Iterator[str]:
    return (match[0] for match in re.finditer(r"\\.|.", pattern, re.DOTALL))


def _twice(case: Case) -> Cause:  # noqa: ARG001 - one of a table of rules
    return Cause(
        "duplicate rows",
        "One side has the row more often than the other: a join or a UNION ALL counts otherwise.",
    )


def _order(case: Case) -> Cause:
    cells = [*(case.left or ()), *(case.right or ())]
    if any(cell is None for cell in cells):
        return Cause(
            "NULL order",
            "One of the rows that changed places has NULL in what is sorted by; write NULLS FIRST or LAST.",
        )
    if any(isinstance(cell, str) for cell in cells):
        return Cause(
            "text order",
            'The rows are sorted by text, and the engines order it differently; COLLATE "C" makes it the same.',
        )
    return Cause("order", "The same rows come in another order.")


def _columns(case: Case) -> Cause:
    gone = missing(case)
    return Cause("columns", f"Only {gone} has the column." if gone else "The columns stand in other places.")


def _column_type(case: Case) -> Cause:
    return Cause(
        "type",
        f"The column is {case.left} on SQLite and {case.right} on PostgreSQL; a cast in the model makes it one.",
    )


_WHOLE: dict[str, Callable[[Case], Cause]] = {
    "missing row": _one_sided,
    "extra row": _one_sided,
    "duplicate row": _twice,
    "duplicate key": _twice,
    "order": _order,
    "missing column": _columns,
    "extra column": _columns,
    "column position": _columns,
    "column type": _column_type,
}
