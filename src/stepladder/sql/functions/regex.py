"""PostgreSQL's functions over regular expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

from stepladder.errors import InvalidArgument
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.functions.rows import json_rows
from stepladder.sql.literals import array_element
from stepladder.sql.regex import Options, Regex, compiled, options, similar_pattern
from stepladder.sql.regex.match import Spans

_REFERENCE = re.compile(r"\\([1-9&\\])")


@lru_cache(maxsize=512)
def _regex(pattern: str, flags: str, name: str = "") -> Regex:
    """A pattern ready for use; `name` is the function's that takes no `g`."""
    return compiled(pattern, _options(flags, name))


def _options(flags: str, name: str) -> Options:
    found = options(flags)
    if name and found.everywhere:
        raise InvalidArgument(f'{name}() does not support the "global" option')
    return found


def matches(text: str, pattern: str) -> int:
    """`text ~ pattern`."""
    return int(_regex(pattern, "").matches(text))


def matches_any_case(text: str, pattern: str) -> int:
    """`text ~* pattern`."""
    return int(_regex(pattern, "i").matches(text))


def like(text: str, pattern: str, flags: str = "") -> int:
    """regexp_like()."""
    return int(_regex(pattern, flags, "regexp_like").matches(text))


def _part(text: str, spans: Spans, number: int) -> str | None:
    span = spans.get(number)
    return None if span is None else text[span[0] : span[1]]


def _captured(text: str, spans: Spans, captures: int) -> list[str | None]:
    numbers: Sequence[int] = range(1, captures + 1) if captures else (0,)
    return [_part(text, spans, number) for number in numbers]


def array_of(parts: Sequence[str | None]) -> str:
    """A text array."""
    return "{" + ",".join("NULL" if part is None else array_element(part) for part in parts) + "}"


def match(text: str, pattern: str, flags: str = "") -> str | None:
    """regexp_match(): the captures of the first match, or all of it."""
    regex = _regex(pattern, flags, "regexp_match")
    found = regex.first(text)
    return None if found is None else array_of(_captured(text, found, regex.captures))


def every_match(text: str, pattern: str, flags: str = "") -> str:
    """regexp_matches(): one array a match; with `g` all of them."""
    regex = _regex(pattern, flags)
    found = islice(regex.all(text), None if options(flags).everywhere else 1)
    return json_rows(array_of(_captured(text, spans, regex.captures)) for spans in found)


def substring(text: str, pattern: str) -> str | None:
    """substring(text FROM pattern): the first capture of the first match, or all of it."""
    regex = _regex(pattern, "")
    found = regex.first(text)
    return None if found is None else _part(text, found, 1 if regex.captures else 0)


def substring_similar(text: str | None, pattern: str | None, escape: str | None) -> str | None:
    """substring(text SIMILAR pattern ESCAPE escape): a wrong escape is an error for NULL too."""
    if pattern is None or escape is None:
        return None
    regex = similar_pattern(pattern, escape)
    return None if text is None else substring(text, regex)


# -- replacing and splitting
def _filled(text: str, spans: Spans, replacement: str) -> str:
    def meant(reference: re.Match[str]) -> str:
        word = reference[1]
        if word == "\\":
            return word
        return _part(text, spans, 0 if word == "&" else int(word)) or ""

    return _REFERENCE.sub(meant, replacement)


def _replaced(regex: Regex, text: str, replacement: str, start: int, number: int) -> str:
    """With the `number`-th match replaced, all of them for 0."""
    found = regex.all(text, start - 1)
    chosen = islice(found, number - 1, number) if number else found
    parts, at = [], 0
    for spans in chosen:
        begin, end = spans[0]
        parts += [text[at:begin], _filled(text, spans, replacement)]
        at = end
    return "".join([*parts, text[at:]])


def replace(text: str, pattern: str, replacement: str, flags: str = "") -> str:
    """regexp_replace(): the first match; with `g` all of them."""
    if flags[:1].isdigit():
        raise InvalidArgument(f'invalid regular expression option: "{flags[0]}"')
    return _replaced(_regex(pattern, flags), text, replacement, 1, int(not options(flags).everywhere))


def replace_from(
    text: str, pattern: str, replacement: str, start: int, number: int = 1, flags: str = ""
) -> str:
    """regexp_replace() from a place on: the `number`-th match, all of them for 0."""
    _check("start", start, 1)
    _check("n", number, 0)
    return _replaced(_regex(pattern, flags), text, replacement, start, number)


def _check(name: str, value: int, least: int, most: int | None = None) -> None:
    if value < least or (most is not None and value > most):
        raise InvalidArgument(f'invalid value for parameter "{name}": {value}')


def _pieces(name: str, text: str, pattern: str, flags: str) -> Iterator[str]:
    """What stands between the matches; an empty one counts neither at the ends nor behind another."""
    at = last = 0
    for spans in _regex(pattern, flags, name).all(text):
        begin, end = spans[0]
        if begin < len(text) and end > last:
            yield text[at:begin]
            at = end
        last = end
    yield text[at:]


def split(text: str, pattern: str, flags: str = "") -> str:
    """regexp_split_to_array()."""
    return array_of(list(_pieces("regexp_split_to_array", text, pattern, flags)))


def split_rows(text: str, pattern: str, flags: str = "") -> str:
    """regexp_split_to_table()."""
    return json_rows(_pieces("regexp_split_to_table", text, pattern, flags))


# -- counting and finding
def count(text: str, pattern: str, start: int = 1, flags: str = "") -> int:
    """regexp_count()."""
    _check("start", start, 1)
    return sum(1 for _ in _regex(pattern, flags, "regexp_count").all(text, start - 1))


def _nth(regex: Regex, text: str, start: int, number: int, capture: int) -> tuple[int, int] | None:
    if capture > max(regex.captures, 1):
        return None
    spans = next(islice(regex.all(text, start - 1), number - 1, None), None)
    # A pattern without parentheses is its own first capture.
    return None if spans is None else spans.get(capture if regex.captures else 0)


def instr(
    text: str,
    pattern: str,
    start: int = 1,
    number: int = 1,
    behind: int = 0,
    flags: str = "",
    capture: int = 0,
) -> int:
    """regexp_instr(): the place of the `number`-th match, or the place behind it."""
    _check("start", start, 1)
    _check("n", number, 1)
    _check("endoption", behind, 0, 1)
    _check("subexpr", capture, 0)
    span = _nth(_regex(pattern, flags, "regexp_instr"), text, start, number, capture)
    return 0 if span is None else span[behind] + 1


def substr(
    text: str, pattern: str, start: int = 1, number: int = 1, flags: str = "", capture: int = 0
) -> str | None:
    """regexp_substr(): the `number`-th match."""
    _check("start", start, 1)
    _check("n", number, 1)
    _check("subexpr", capture, 0)
    span = _nth(_regex(pattern, flags, "regexp_substr"), text, start, number, capture)
    return None if span is None else text[span[0] : span[1]]


SCALARS: tuple[Scalar, ...] = (
    strict("pg_regex", 2, matches),
    strict("pg_regex_any_case", 2, matches_any_case),
    *(strict("pg_similar_pattern", arity, similar_pattern) for arity in (1, 2)),
    *(strict("pg_regexp_like", arity, like) for arity in (2, 3)),
    *(strict("pg_regexp_match", arity, match) for arity in (2, 3)),
    *(strict("pg_regexp_matches", arity, every_match) for arity in (2, 3)),
    *(strict("pg_regexp_split_rows", arity, split_rows) for arity in (2, 3)),
    strict("pg_regexp_substring", 2, substring),
    Scalar("pg_similar_substring", 3, substring_similar),
    *(strict("pg_regexp_replace", arity, replace) for arity in (3, 4)),
    *(strict("pg_regexp_replace_from", arity, replace_from) for arity in (4, 5, 6)),
    *(strict("pg_regexp_split", arity, split) for arity in (2, 3)),
    *(strict("pg_regexp_count", arity, count) for arity in (2, 3, 4)),
    *(strict("pg_regexp_instr", arity, instr) for arity in (2, 3, 4, 5, 6, 7)),
    *(strict("pg_regexp_substr", arity, substr) for arity in (2, 3, 4, 5, 6)),
)
