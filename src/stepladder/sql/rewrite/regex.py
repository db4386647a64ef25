"""Rules of regular expressions. A pattern that is written out and has no rule is refused before anything runs."""

from __future__ import annotations

from collections.abc import Callable

from stepladder.errors import DatabaseError, NotPortable
from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import Call, Constant, Expression, SetCall
from stepladder.sql.regex import Options, compiled
from stepladder.sql.rewrite.characters import padded
from stepladder.sql.rewrite.rules import Print, Rule, function


def _check(pattern: Expression) -> None:
    """Raise NotPortable for a pattern that is refused. One that is wrong is told when it runs, as PostgreSQL does."""
    if not isinstance(pattern, Constant) or not isinstance(pattern.value, str):
        return
    try:
        compiled(pattern.value, Options())
    except NotPortable as error:
        raise refuse(error.what, pattern.position, why=error.why, instead=error.instead) from error
    except DatabaseError:
        return


def _function(name: str) -> Rule:
    def rule(show: Print, call: Call) -> str:
        _check(call.arguments[1])
        return f"{name}({', '.join(map(show, call.arguments))})"

    return rule


def _rows(name: str) -> Callable[[Print, SetCall], str]:
    def rule(show: Print, call: SetCall) -> str:
        _check(call.arguments[1])
        return f"{name}({', '.join(map(show, call.arguments))})"

    return rule


def _match(name: str, *, negated: bool) -> Rule:
    """`~` and its kin; a character(n) is matched with its blanks."""

    def rule(show: Print, call: Call) -> str:
        text, pattern = call.arguments
        _check(pattern)
        found = f"{name}({padded(show, text)}, {show(pattern)})"
        return f"(NOT {found})" if negated else found

    return rule


_TEXT, _INT = ("text",), ("int4",)
_TWO = _TEXT * 2
_FUNCTIONS: tuple[tuple[str, str, tuple[tuple[str, ...], ...]], ...] = (
    ("regexp_like", "pg_regexp_like", (_TWO, _TEXT * 3)),
    ("regexp_match", "pg_regexp_match", (_TWO, _TEXT * 3)),
    ("regexp_split_to_array", "pg_regexp_split", (_TWO, _TEXT * 3)),
    ("regexp_replace", "pg_regexp_replace", (_TEXT * 3, _TEXT * 4)),
    (
        "regexp_replace",
        "pg_regexp_replace_from",
        ((*_TEXT * 3, *_INT), (*_TEXT * 3, *_INT * 2), (*_TEXT * 3, *_INT * 2, *_TEXT)),
    ),
    ("regexp_count", "pg_regexp_count", (_TWO, (*_TWO, *_INT), (*_TWO, *_INT, *_TEXT))),
    (
        "regexp_instr",
        "pg_regexp_instr",
        (
            _TWO,
            (*_TWO, *_INT),
            (*_TWO, *_INT * 2),
            (*_TWO, *_INT * 3),
            (*_TWO, *_INT * 3, *_TEXT),
            (*_TWO, *_INT * 3, *_TEXT, *_INT),
        ),
    ),
    (
        "regexp_substr",
        "pg_regexp_substr",
        (
            _TWO,
            (*_TWO, *_INT),
            (*_TWO, *_INT * 2),
            (*_TWO, *_INT * 2, *_TEXT),
            (*_TWO, *_INT * 2, *_TEXT, *_INT),
        ),
    ),
    ("substring", "pg_regexp_substring", (_TWO,)),
    ("substring", "pg_similar_substring", (_TEXT * 3,)),
)
_MATCHES = {
    "regexeq": "pg_regex",
    "regexne": "pg_regex",
    "icregexeq": "pg_regex_any_case",
    "icregexne": "pg_regex_any_case",
}
RULES: dict[str, Rule] = {
    **{
        f"{name}({','.join(types)})": _function(registered)
        for name, registered, signatures in _FUNCTIONS
        for types in signatures
    },
    **{
        f"{kind}{word}({kind},text)": _match(registered, negated=word.endswith("ne"))
        for kind in ("text", "bpchar")
        for word, registered in _MATCHES.items()
    },
    "similar_to_escape(text)": function("pg_similar_pattern"),
    "similar_to_escape(text,text)": function("pg_similar_pattern"),
}
ROWS: dict[str, Callable[[Print, SetCall], str]] = {
    f"{name}({types})": _rows(registered)
    for name, registered in (
        ("regexp_matches", "pg_regexp_matches"),
        ("regexp_split_to_table", "pg_regexp_split_rows"),
    )
    for types in ("text,text", "text,text,text")
}
