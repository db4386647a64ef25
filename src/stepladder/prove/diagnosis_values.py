"""Rules for two values of one column: each names a class where the values fit it, else None. The first one counts."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from stepladder.compare import reason
from stepladder.prove.diagnosis_words import Case, Cause

Rule = Callable[[Case, str], Cause | None]

_QUARTER = dt.timedelta(minutes=15)
_FURTHEST = dt.timedelta(hours=26)  # between the clocks of two places
_PICKS = ("choice", "extreme", "rank")


def _null(case: Case, why: str) -> Cause | None:
    if why != "NULL":
        return None
    if case.has("choice"):
        return Cause(
            "NULL order", "An order picks the value, and one side picked NULL; write NULLS FIRST or LAST."
        )
    return Cause("NULL", "One side has NULL where the other has a value.")


def _scale(case: Case, why: str) -> Cause | None:  # noqa: ARG001 - one of a table of rules
    return (
        Cause("scale", "Equal numbers with other zeros behind the point; cast to numeric(p, s).")
        if why == "scale"
        else None
    )


def _division(case: Case, _why: str) -> Cause | None:
    """One is whole, and the other cut towards zero."""
    if not case.has("division") or not (_is_number(case.left) and _is_number(case.right)):
        return None
    one, other = Decimal(case.left), Decimal(case.right)
    if not (one.is_finite() and other.is_finite()) or (one == int(one)) == (other == int(other)):
        return None
    whole, fraction = sorted((one, other), key=lambda number: number != int(number))
    if whole != int(fraction):
        return None
    return Cause(
        "integer division",
        "One side divided whole numbers, which drops the fraction; cast one of them to numeric.",
    )


def _type(case: Case, why: str) -> Cause | None:
    if why != "type":
        return None
    kinds = f"{type(case.left).__name__} on SQLite, {type(case.right).__name__} on PostgreSQL"
    return Cause("type", f"The values are of two types ({kinds}); a cast in the model makes them one.")


def _half(case: Case, _why: str) -> Cause | None:
    """The last digit differs by one."""
    if not (case.has("rounding") and _is_number(case.left) and _is_number(case.right)) or type(
        case.left
    ) is not type(case.right):
        return None
    one, other = Decimal(str(case.left)), Decimal(str(case.right))
    if not (one.is_finite() and other.is_finite()):
        return None
    digits = min(int(one.as_tuple().exponent), int(other.as_tuple().exponent))
    if isinstance(case.left, float):
        digits = 0
    if abs(one - other) != Decimal(1).scaleb(digits) or (isinstance(case.left, float) and one != int(one)):
        return None
    return Cause(
        "half rounding",
        "The last digit differs by one: numeric rounds a half away from zero, floats round it to even.",
    )


def _fewer_digits(case: Case, why: str) -> Cause | None:  # noqa: ARG001
    return (
        Cause("fewer digits", "One side has the same number with fewer digits.")
        if why == "rounding"
        else None
    )


def _floats(case: Case, why: str) -> Cause | None:
    if why == "sign of zero":
        return Cause("sign of zero", "0.0 and -0.0 are equal, and not the same.")
    if why != "float rounding":
        return None
    if case.has("aggregate"):
        return Cause(
            "float summation",
            "Floats were added in another order: the last bits differ. Sum numeric, or round the result.",
        )
    return Cause("float rounding", "Floats that differ in their last bits.")


def _json_text(case: Case, why: str) -> Cause | None:
    if not (isinstance(case.left, str) and isinstance(case.right, str)):
        return None
    one, other = _as_json(case.left), _as_json(case.right)
    if one is None or other is None or one != other or why not in ("text form", "white space", "value"):
        return None
    return Cause(
        "jsonb text", "Two spellings of one JSON value: blanks, the order of keys, or the digits of a number."
    )


def _letters(case: Case, why: str) -> Cause | None:
    if why != "case of letters":
        return None
    if case.has("case mapping"):
        return Cause(
            "text case mapping",
            "lower, upper or initcap map these letters by the server's locale (ß, İ, ς).",
        )
    if not case.by_bytes and case.has(*_PICKS):
        return _text_order()
    return Cause("case of letters", "The same letters, in another case.")


def _picked_text(case: Case, why: str) -> Cause | None:
    """A text that an order has picked, or a list of texts in another order."""
    if case.by_bytes or why != "value" or not (isinstance(case.left, str) and isinstance(case.right, str)):
        return None
    if not case.has(*_PICKS):
        return None
    one, other = case.left, case.right
    same_parts = sorted(re.split(r"[,;|\s]+", one)) == sorted(re.split(r"[,;|\s]+", other))
    by_letters = (one < other) != (one.casefold() < other.casefold()) or _letters_of(one, other)
    return _text_order() if same_parts or by_letters else None


def _letters_of(one: str, other: str) -> bool:
    """Whether order by bytes is no order of words: letters beside others than a-z, or signs beside letters."""
    return not (one + other).isascii() or any(not (letter.isalnum()) for letter in one[:1] + other[:1])


def _ranked(case: Case, why: str) -> Cause | None:
    whole = type(case.left) is int and type(case.right) is int
    if case.by_bytes or why != "value" or not whole or not case.has("rank"):
        return None
    return Cause("text order", "A rank differs, and the server orders text otherwise than by its bytes.")


def _text_order() -> Cause:
    return Cause(
        "text order",
        'An order of text picks the value, and the server orders otherwise than by bytes; write COLLATE "C".',
    )


def _white_space(case: Case, why: str) -> Cause | None:
    if why != "white space":
        return None
    if case.left.rstrip(" ") == case.right.rstrip(" "):
        return Cause("padding", "Trailing blanks: character(n) is padded on one side.")
    return Cause("white space", "The same words with other white space.")


def _text_form(case: Case, why: str) -> Cause | None:  # noqa: ARG001
    return Cause("text form", "Two spellings of one number, date or time.") if why == "text form" else None


def _moments(case: Case, why: str) -> Cause | None:
    if why == "time zone":
        return Cause("time zone", "One clock reading in two zones, or one side without a zone.")
    if isinstance(case.left, str) and isinstance(case.right, str):
        left, right = _as_moment(case.left), _as_moment(case.right)
    else:
        left, right = case.left, case.right
    apart = _apart(left, right)
    if apart is None:
        return None
    if case.has("clock") and apart < dt.timedelta(days=1):
        return Cause("clock", "The model asks the clock, which went on between the two runs; use :now.")
    if apart and apart <= _FURTHEST and not apart % _QUARTER and case.has("zone"):
        return Cause(
            "time zone",
            f"The two are {apart} apart, as clocks of two zones are; name the zone: AT TIME ZONE :zone.",
        )
    if why != "fraction of a second":
        return None
    return Cause("fraction of a second", "They differ behind the second's point: rounded, or cut.")


def _apart(left: Any, right: Any) -> dt.timedelta | None:
    if not (isinstance(left, dt.date) and type(left) is type(right)):
        return None
    try:
        return abs(left - right)
    except TypeError:
        return None


def _elements(case: Case, _why: str) -> Cause | None:
    """Lists: their order, else the rules for the first elements that differ."""
    if not (isinstance(case.left, list) and isinstance(case.right, list)):
        return None
    if sorted(map(repr, case.left)) == sorted(map(repr, case.right)):
        if None in case.left:
            return Cause("NULL order", "The same elements, with NULL in another place.")
        if not case.by_bytes and any(isinstance(item, str) for item in case.left):
            return _text_order()
        return Cause(
            "order of elements", "The same elements in another order: write ORDER BY inside the aggregate."
        )
    pairs = zip(case.left, case.right, strict=False)
    one, other = next(((a, b) for a, b in pairs if repr(a) != repr(b)), (None, None))
    if one is None and other is None:
        return None
    inner = Case(one, other, case.uses, case.by_bytes)
    return next((cause for rule in VALUES if (cause := rule(inner, reason(one, other)))), None)


def _random(case: Case, why: str) -> Cause | None:
    if (
        not case.has("random")
        or why not in ("value", "float rounding")
        or not isinstance(case.left, int | float | str | uuid.UUID)
    ):
        return None
    return Cause("random", "The model asks for random values: no two runs agree.")


VALUES: tuple[Rule, ...] = (
    _null, _scale, _division, _type, _half, _fewer_digits, _floats, _json_text, _letters, _picked_text, _ranked,
    _white_space, _text_form, _moments, _elements, _random,
)  # fmt: skip


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    return math.isfinite(value)


def _as_json(text: str) -> Any:
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None


def _as_moment(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None
