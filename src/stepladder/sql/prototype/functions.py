"""SQLite's functions as PostgreSQL's: only where both give the same; anything else is a remark."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_FORMATS = {
    "%Y-%m": "YYYY-MM", "%Y-%m-%d": "YYYY-MM-DD", "%Y": "YYYY", "%m": "MM", "%d": "DD", "%H": "HH24", "%M": "MI",
    "%S": "SS", "%H:%M": "HH24:MI", "%H:%M:%S": "HH24:MI:SS", "%Y-%m-%d %H:%M:%S": "YYYY-MM-DD HH24:MI:SS",
    "%Y-%m-%d %H:%M": "YYYY-MM-DD HH24:MI", "%Y-%m-%d %H:00": "YYYY-MM-DD HH24:00",
    "%Y-%m-%d %H:00:00": "YYYY-MM-DD HH24:00:00", "%Y-%m-01": "YYYY-MM-01", "%j": "DDD", "%Y%m%d": "YYYYMMDD",
}  # fmt: skip
_MODIFIER = re.compile(r"'([+-]?)(\d+) (second|minute|hour|day|month|year)s?'", re.IGNORECASE)
_NOW = "(now() AT TIME ZONE 'UTC')"


def _moment(arguments: Sequence[str]) -> str | None:
    """A time value with its modifiers as a timestamp."""
    if not arguments or arguments[0].lower() == "'now'":
        value = _NOW
    else:
        value = f"({arguments[0]})::timestamp"
    for modifier in arguments[1:]:
        match = _MODIFIER.fullmatch(modifier)
        if match:
            value = f"({value} {match[1] or '+'} interval '{match[2]} {match[3].lower()}s')"
        elif modifier.lower() in ("'start of day'", "'start of month'", "'start of year'"):
            value = f"date_trunc('{modifier.lower().split()[-1][:-1]}', {value})"
        elif modifier.lower() != "'utc'" or value != _NOW:
            return None
    return value


def _date(arguments: Sequence[str]) -> str | None:
    moment = _moment(arguments)
    return moment and f"{_plain(moment)}::date"


def _datetime(arguments: Sequence[str]) -> str | None:
    moment = _moment(arguments)
    return moment and f"date_trunc('second', {moment})"


def _strftime(arguments: Sequence[str]) -> str | None:
    if not arguments:
        return None
    form, moment = arguments[0].strip("'"), _moment(arguments[1:])
    if moment is None:
        return None
    if form == "%s":
        return f"floor(extract(epoch FROM {moment}))::bigint::text"
    if form == "%w":
        return f"extract(dow FROM {moment})::int::text"
    return f"to_char({moment}, '{_FORMATS[form]}')" if form in _FORMATS else None


def _julianday(arguments: Sequence[str]) -> str | None:
    """SQLite counts milliseconds and divides once: so the doubles are the same."""
    moment = _moment(arguments)
    return moment and f"((round(extract(epoch FROM {moment}) * 1000) + 210866760000000)::float8 / 86400000)"


def _group_concat(arguments: Sequence[str]) -> str | None:
    if not 1 <= len(arguments) <= 2:
        return None
    value, separator = arguments[0], arguments[1] if len(arguments) == 2 else "','"
    distinct = re.match(r"(?i)distinct\s+", value)
    return f"string_agg({distinct[0] if distinct else ''}({value[distinct.end() if distinct else 0 :]})::text, {separator})"


def _two(form: str) -> Callable[[Sequence[str]], str | None]:
    return lambda arguments: form.format(*arguments) if len(arguments) == 2 else None


def _iif(arguments: Sequence[str]) -> str | None:
    if len(arguments) != 3:
        return None
    return "CASE WHEN {} THEN {} ELSE {} END".format(*arguments)


def _total(arguments: Sequence[str]) -> str | None:
    return f"coalesce(sum({arguments[0]})::float8, 0)" if len(arguments) == 1 else None


def _plain(text: str) -> str:
    return text if text.startswith("(") else f"({text})"


def _several(name: str) -> Callable[[Sequence[str]], str | None]:
    """SQLite's min and max of several values; NULL where one of them is."""
    return lambda arguments: None if len(arguments) > 1 else f"{name}({', '.join(arguments)})"


CALLS: dict[str, Callable[[Sequence[str]], str | None]] = {
    "ifnull": _two("coalesce({}, {})"),
    "instr": _two("strpos({}, {})"),
    "group_concat": _group_concat,
    "total": _total,
    "iif": _iif,
    "date": _date,
    "datetime": _datetime,
    "strftime": _strftime,
    "julianday": _julianday,
    "min": _several("min"),
    "max": _several("max"),
}
REFUSED = {
    "typeof": ("typeof() asks for the type of each value; PostgreSQL has one type a column", "pg_typeof(x)::text"),
    "printf": ("printf() formats otherwise in PostgreSQL", "to_char(x, '…'), round(x, 2)::text or format()"),
    "format": ("format() knows %s, %I and %L alone in PostgreSQL", "to_char(x, '…')"),
    "last_insert_rowid": ("last_insert_rowid() does not exist in PostgreSQL", "INSERT … RETURNING id"),
    "changes": ("changes() does not exist in PostgreSQL", "db.execute() gives the number of rows"),
    "randomblob": ("randomblob() does not exist in PostgreSQL", "gen_random_uuid()"),
    "glob": ("glob() does not exist in PostgreSQL", "LIKE, or ~"),
    "unixepoch": ("unixepoch() does not exist in PostgreSQL", "extract(epoch FROM x)::bigint"),
    "json_extract": ("json_extract() gives other types in PostgreSQL", "x->>'name', cast to its type"),
    "json_each": ("json_each() has other columns in PostgreSQL", "jsonb_array_elements(x)"),
    "hex": ("hex() does not exist in PostgreSQL", "upper(encode(x, 'hex'))"),
    "min": ("min() of several values is NULL where one of them is; least() skips NULLs", "least(a, b)"),
    "max": ("max() of several values is NULL where one of them is; greatest() skips NULLs", "greatest(a, b)"),
    "unicode": ("unicode() does not exist in PostgreSQL", "ascii(x)"),
    "quote": ("quote() does not exist in PostgreSQL", "quote_literal(x)"),
}  # fmt: skip
