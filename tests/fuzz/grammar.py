"""What an expression of a type may be: patterns that fail on no everyday value, and every rule of the translator.

The first are in expressions.txt. A pattern's `{type}` is another expression; `{:word}` one of WORDS, as it stands.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from stepladder.sql.infer.catalog import EXPLICIT, catalog
from stepladder.sql.rewrite.printer import CALLS
from tests.fuzz.values import EVERYDAY, has_values, spelled

WORDS: dict[str, list[str]] = {
    "int": ["0", "1", "2", "3", "-1", "5"],
    "place": ["1", "2", "3"],
    "field": ["year", "month", "day", "hour", "minute", "second", "dow", "isodow", "doy", "week", "quarter", "epoch"],
    "day field": ["year", "month", "day", "dow", "isodow", "doy", "week", "quarter", "isoyear", "decade"],
    "unit": ["year", "quarter", "month", "week", "day", "hour", "minute", "second"],
    "span unit": ["year", "quarter", "month", "day", "hour", "minute", "second"],
    "zone": ["'UTC'", "'Europe/Berlin'", "'America/New_York'", "'Asia/Kolkata'", "'+03'", "'EST'"],
    "span": ["'1 day'", "'2 hours'", "'1 month'", "'-3 days'", "'1 year 2 months'", "'90 minutes'"],
    "step": ["'15 minutes'", "'1 hour'", "'1 day'", "'7 days'"],
    "date form": ["'YYYY-MM-DD'", "'HH24:MI:SS.US'", "'Dy, DD Mon YYYY'", "'IYYY-IW'", "'Q FMMonth FMDDth'", "'HH12:MI AM'"],
    "number form": ["'999.99'", "'FM999,990.00'", "'S0000'", "'9.99EEEE'", "'RN'", "'$99.9MI'", "'000PR'"],
    "text": ["'a'", "'b'", "''", "'Ab'", "','", "'%'"],
    "like": ["'a%'", "'%b%'", "'_'", "'%'", "'A_ c'", "'a\\%b'"],
    "regex": ["'^a'", "'[a-c]+'", "'b$'", "'(\\w)(\\w)?'", "'\\d+'", "'a|b'", "'[[:alpha:]]'", "'\\s'"],
    "key": ["'a'", "'b'", "'c'", "'z'"],
    "index": ["0", "1", "-1", "5"],
    "path": ["'{a}'", "'{b,0}'", "'{b,c}'", "'{0}'", "'{z}'"],
    "json path": ["'$.a'", "'$.b[*]'", "'$[*]'", "'$.b.c'", "'lax $.a'"],
    "json": ["'{\"a\": 1}'::jsonb", "'[1]'::jsonb", "'\"s\"'::jsonb", "'null'::jsonb", "'{\"b\": [2]}'::jsonb"],
    "order": ["=", "<>", "<", "<=", ">", ">="],
    "same": ["=", "<>"],
    "not": ["", "NOT "],
    "truth": ["TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN", "NOT UNKNOWN"],
    "logic": ["AND", "OR"],
    "sign": ["+", "-"],
    "any": ["ANY", "ALL"],
    "encoding": ["'hex'", "'base64'", "'escape'"],
    "form": ["'%s-%s'", "'%s %L'", "'[%5s|%-5s]'", "'%2$s %1$s'"],
    "small": ["0", "1", "2", "3", "7"],
    "trim": ["BOTH", "LEADING", "TRAILING"],
    "normal": ["NFC", "NFD", "NFKC"],
}  # fmt: skip
# What changes by the clock, by chance or with the database's sequences, and what the grammar alone calls.
CHANGING = (
    *("now", "random", "clock", "current", "local", "gen_random", "uuid", "statement_", "transaction_", "version"),
    *("nextval", "currval", "setval", "lastval", "pg_get_serial_sequence"),
)  # fmt: skip
# Their arguments decide how long they take.
_CHOSEN: dict[tuple[str, int], str] = {
    **{(name, 1): "small" for name in ("repeat", "lpad", "rpad", "numeric_power", "power", "pow")},
    ("factorial", 0): "small",
    **{(name, 0): "quoted field" for name in ("extract", "date_part", "date_trunc")},
    **{(name, 0): "zone" for name in ("timezone",)},
    **{(name, 2): "zone" for name in ("date_add", "date_subtract", "date_trunc")},
    **{(name, 1): "encoding" for name in ("encode", "decode")},
    **{(f"regexp_{name}", 1): "regex" for name in ("replace", "match", "matches", "like", "count", "instr", "substr")},
    **{(f"jsonb_{name}", 1): "path" for name in ("set", "insert", "set_lax")},
    ("make_date", 1): "place", ("make_date", 2): "place",
    ("to_char", 1): "to_char form", ("to_date", 1): "date form", ("to_timestamp", 1): "date form", ("to_number", 1): "number form",
    **{(name, 1): "key" for name in ("jsonb_object_field", "jsonb_object_field_text", "json_object_field", "jsonb_exists")},
}  # fmt: skip
WORDS["to_char form"] = [*WORDS["date form"], *WORDS["number form"]]
WORDS["quoted field"] = [f"'{each}'" for each in WORDS["field"]]
WORDS["quoted day field"] = [f"'{each}'" for each in WORDS["day field"]]
_OPEN = re.compile(
    r":logic|BETWEEN|IN \(|\) :order \("
)  # whether all of their parts are computed is left open
_SAFE = Path(__file__).with_name("expressions.txt")
_SLOT = re.compile(r"\{(:?[^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text and slots by turns: the slots are at the odd places."""

    parts: tuple[str, ...]

    @staticmethod
    def of(text: str) -> Pattern:
        return Pattern(tuple(_SLOT.split(text)))


Patterns = dict[str, list[Pattern]]


@cache
def safe() -> Patterns:
    """Patterns by the type of what they give."""
    found: Patterns = defaultdict(list)
    for line in _SAFE.read_text().splitlines():
        type_, _, text = line.partition(": ")
        found[type_].append(Pattern.of(text))
    return found


@cache
def wild() -> Patterns:
    """The same, and every operator, function and cast that the translator has a rule for: they may fail."""
    found: Patterns = defaultdict(list)
    for type_, patterns in safe().items():
        found[type_] += [each for each in patterns if not _OPEN.search("".join(each.parts))]
    for operator in catalog().every_operator():
        if f"{operator.procedure}({','.join(operator.arguments)})" in CALLS and _known(operator.arguments):
            slots = [f"{{{each}}}" for each in operator.arguments]
            text = (
                f"{slots[0]} {operator.name} {slots[1]}" if len(slots) == 2 else f"{operator.name} {slots[0]}"
            )
            found[operator.result].append(Pattern.of(text))
    for procedure in catalog().every_procedure():
        key = f"{procedure.name}({','.join(procedure.arguments)})"
        plain = procedure.kind == "f" and not procedure.returns_set and procedure.arguments
        if plain and key in CALLS and not key.startswith(CHANGING) and _known(procedure.arguments):
            slots = [_slot(procedure.name, place, each) for place, each in enumerate(procedure.arguments)]
            found[procedure.result].append(Pattern.of(f'pg_catalog."{procedure.name}"({", ".join(slots)})'))
    for source in EVERYDAY:
        for target in EVERYDAY:
            if source != target and catalog().path(source, target, EXPLICIT):
                found[target].append(Pattern.of(f"({{{source}}})::{spelled(target)}"))
    return found


def chosen(name: str, place: int) -> list[str]:
    """The words that an argument of a function is mostly one of; empty if it is any value."""
    word = _CHOSEN.get((name, place))
    return WORDS[word] if word else []


def _slot(name: str, place: int, type_: str) -> str:
    word = _CHOSEN.get((name, place))
    return f"{{:{word}}}" if word else f"{{{type_}}}"


def _known(types: tuple[str, ...]) -> bool:
    return all(map(has_values, types))
