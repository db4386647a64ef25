"""What an expression of a type may be: patterns that fail on no everyday value, and every rule of the translator.

A pattern's `{type}` is another expression; `{:word}` one of WORDS, as it stands.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache

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
_SAFE = """
bool: {int4} {:order} {int4}
bool: {int8} {:order} {int4}
bool: {numeric} {:order} {numeric}
bool: {float8} {:order} {float8}
bool: {numeric} {:order} {int4}
bool: {float8} {:order} {int4}
bool: {text} {:order} {text}
bool: {date} {:order} {date}
bool: {timestamp} {:order} {timestamp}
bool: {timestamptz} {:order} {timestamptz}
bool: {date} {:order} {timestamp}
bool: {interval} {:order} {interval}
bool: {jsonb} {:order} {jsonb}
bool: {_int4} {:order} {_int4}
bool: {uuid} {:order} {uuid}
bool: {bytea} {:order} {bytea}
bool: {bool} {:logic} {bool}
bool: NOT {bool}
bool: {bool} IS {:truth}
bool: {text} IS {:not}NULL
bool: {int4} IS {:not}NULL
bool: {numeric} IS {:not}DISTINCT FROM {numeric}
bool: {text} IS {:not}DISTINCT FROM {text}
bool: {int4} {:not}BETWEEN {int4} AND {int4}
bool: {date} BETWEEN SYMMETRIC {date} AND {date}
bool: {int4} {:not}IN (1, {int4}, 3, NULL)
bool: {text} {:not}IN ('a', {text})
bool: {text} {:not}LIKE {:like}
bool: {text} {:not}ILIKE {:like}
bool: {text} ~ {:regex}
bool: {text} ~* {:regex}
bool: {text} SIMILAR TO '(a|b)%'
bool: starts_with({text}, {:text})
bool: ({int4}, {text}) {:order} ({int4}, {text})
bool: {int4} {:order} {:any} ({_int4})
bool: {text} = ANY ({_text})
bool: {_int4} @> {_int4}
bool: {_text} && {_text}
bool: {jsonb} @> {:json}
bool: {jsonb} ? {:key}
bool: {jsonb} ?| ARRAY[{:key}, {:key}]
bool: ({timestamp}, {interval}) OVERLAPS ({timestamp}, {interval})
bool: coalesce({bool}, false)
int4: {int4} {:sign} {int4}
int4: - {int4}
int4: {int4} * {:int}
int4: {int4} / {:place}
int4: {int4} % {:place}
int4: abs({int4})
int4: length({text})
int4: char_length({text})
int4: octet_length({text})
int4: ascii({text})
int4: strpos({text}, {:text})
int4: position({:text} in {text})
int4: cardinality({_int4})
int4: array_length({_text}, 1)
int4: coalesce({int4}, {int4})
int4: nullif({int4}, {int4})
int4: greatest({int4}, {int4}, {int4})
int4: least({int4}, {int4})
int4: {date} - {date}
int4: CASE WHEN {bool} THEN {int4} ELSE {int4} END
int4: CASE {int4} WHEN 1 THEN {int4} WHEN 2 THEN 7 END
int4: {_int4}[{:place}]
int4: ({bool})::int
int4: {int4} & {int4}
int4: {int4} # {:small}
int4: array_position({_text}, {text})
int4: date_part({:quoted day field}, {date})::int
int4: extract({:day field} FROM {date})::int
int8: {int8} + {int4}
int8: {int8} * {:small}
int8: {int4}::int8
int8: coalesce({int8}, {int4})
int8: CASE WHEN {bool} THEN {int8} ELSE {int4} END
int8: {int8} - {int8}
numeric: {numeric} {:sign} {numeric}
numeric: {numeric} * {numeric}
numeric: {numeric} / {:place}
numeric: {numeric} / ({numeric} * {numeric} + 1)
numeric: {numeric} % {:place}
numeric: {numeric} * {int4}
numeric: {int4}::numeric
numeric: round({numeric}, {:int})
numeric: round({numeric})
numeric: trunc({numeric}, {:place})
numeric: ceil({numeric})
numeric: floor({numeric})
numeric: abs({numeric})
numeric: sign({numeric})
numeric: ({numeric})::numeric(12,3)
numeric: ({numeric})::numeric(20,1)
numeric: coalesce({numeric}, {numeric})
numeric: coalesce({numeric}, 0)
numeric: nullif({numeric}, {numeric})
numeric: greatest({numeric}, {numeric})
numeric: CASE WHEN {bool} THEN {numeric} ELSE {numeric} END
numeric: CASE WHEN {bool} THEN {numeric} ELSE 0 END
numeric: extract({:field} FROM {timestamp})
numeric: extract({:day field} FROM {date})
numeric: extract(epoch FROM {timestamp} - {timestamp})
numeric: sqrt(abs({numeric}))
float8: {float8} {:sign} {float8}
float8: {float8} * {int4}
float8: {float8} / {:place}
float8: {int4}::float8
float8: {numeric}::float8
float8: abs({float8})
float8: round({float8})
float8: floor({float8})
float8: coalesce({float8}, {float8})
float8: CASE WHEN {bool} THEN {float8} ELSE {int4} END
float8: greatest({float8}, {float8})
float8: sqrt(abs({float8}))
float8: date_part({:quoted field}, {timestamp})
text: {text} || {text}
text: {text} || {int4}
text: upper({text})
text: lower({text})
text: initcap({text})
text: left({text}, {:int})
text: right({text}, {:int})
text: substring({text} FROM {:int} FOR {:small})
text: substr({text}, {:int})
text: substring({text} from {:regex})
text: replace({text}, {:text}, {text})
text: trim({:trim} {:text} FROM {text})
text: btrim({text})
text: lpad({text}, {:small}, {:text})
text: rpad({text}, {:small})
text: repeat({text}, {:small})
text: reverse({text})
text: split_part({text}, {:text}, {:place})
text: translate({text}, 'ab', 'x')
text: overlay({text} PLACING 'zz' FROM 1 FOR {:small})
text: md5({text})
text: concat({text}, {int4}, {bool}, {numeric})
text: concat_ws('-', {text}, {date}, {int4})
text: format({:form}, {text}, {int4})
text: regexp_replace({text}, {:regex}, 'X')
text: regexp_replace({text}, {:regex}, '<\\&>', 'g')
text: quote_literal({text})
text: quote_ident({text})
text: coalesce({text}, {:text})
text: nullif({text}, {text})
text: greatest({text}, {text})
text: CASE WHEN {bool} THEN {text} ELSE {text} END
text: ({text})::varchar(2)
text: {int4}::text
text: {numeric}::text
text: {float8}::text
text: {bool}::text
text: {date}::text
text: {timestamp}::text
text: {timestamptz}::text
text: {interval}::text
text: {jsonb}::text
text: {_int4}::text
text: {_text}::text
text: {uuid}::text
text: {bytea}::text
text: {jsonb} ->> {:key}
text: {jsonb} ->> {:index}
text: {jsonb} #>> {:path}
text: jsonb_typeof({jsonb})
text: to_char({timestamp}, {:date form})
text: to_char({timestamptz}, {:date form})
text: to_char({date}, {:date form})
text: to_char({numeric}, {:number form})
text: to_char({int4}, {:number form})
text: array_to_string({_text}, {:text})
text: array_to_string({_int4}, ',', '*')
text: {_text}[{:place}]
text: encode({bytea}, {:encoding})
text: (string_to_array({text}, {:text}))[1]
text: to_hex({int4})
text: normalize({text}, {:normal})
date: {date} + {:int}
date: {date} - {:int}
date: {timestamp}::date
date: {timestamptz}::date
date: coalesce({date}, {date})
date: greatest({date}, {date})
date: date_trunc('{:unit}', {date})::date
date: CASE WHEN {bool} THEN {date} ELSE {date} END
date: make_date(2024, {:place}, {:place})
timestamp: {timestamp} + {interval}
timestamp: {timestamp} - {interval}
timestamp: {date} + interval {:span}
timestamp: {date} + {time}
timestamp: date_trunc('{:unit}', {timestamp})
timestamp: {date}::timestamp
timestamp: {timestamptz} AT TIME ZONE {:zone}
timestamp: date_bin({:step}, {timestamp}, '2024-01-01')
timestamp: coalesce({timestamp}, {timestamp})
timestamp: CASE WHEN {bool} THEN {timestamp} ELSE {date} END
timestamptz: {timestamptz} + {interval}
timestamptz: {timestamptz} - interval {:span}
timestamptz: date_trunc('{:unit}', {timestamptz})
timestamptz: date_trunc('{:unit}', {timestamptz}, {:zone})
timestamptz: {timestamp} AT TIME ZONE {:zone}
timestamptz: {date}::timestamptz
timestamptz: greatest({timestamptz}, {timestamptz})
time: {timestamp}::time
time: {time} + interval {:span}
time: coalesce({time}, {time})
interval: {timestamp} - {timestamp}
interval: {timestamptz} - {timestamptz}
interval: {interval} + {interval}
interval: {interval} * {:small}
interval: {interval} / {:place}
interval: - {interval}
interval: age({timestamp}, {timestamp})
interval: justify_hours({interval})
interval: justify_interval({interval})
interval: make_interval(days => {int4}, hours => {:small})
interval: date_trunc('{:span unit}', {interval})
interval: coalesce({interval}, {interval})
interval: {time} - {time}
jsonb: {jsonb} -> {:key}
jsonb: {jsonb} -> {:index}
jsonb: {jsonb} #> {:path}
jsonb: {jsonb} || {:json}
jsonb: jsonb_build_object('k', {int4}, 'v', {text}, 'n', {numeric})
jsonb: jsonb_build_array({int4}, {text}, {bool}, {date}, {jsonb})
jsonb: to_jsonb({int4})
jsonb: to_jsonb({text})
jsonb: to_jsonb({_text})
jsonb: to_jsonb({timestamp})
jsonb: jsonb_strip_nulls({jsonb})
jsonb: coalesce({jsonb}, '{}'::jsonb)
jsonb: jsonb_path_query_first({jsonb}, {:json path})
jsonb: jsonb_path_query_array({jsonb}, {:json path})
jsonb: CASE WHEN jsonb_typeof({jsonb}) = 'object' THEN jsonb_build_object('q', {jsonb}) ELSE {jsonb} END
_int4: {_int4} || {int4}
_int4: {_int4} || {_int4}
_int4: ARRAY[{int4}, {int4}]
_int4: array_remove({_int4}, {int4})
_int4: array_append({_int4}, {int4})
_int4: array_prepend({int4}, {_int4})
_int4: array_cat({_int4}, {_int4})
_int4: array_replace({_int4}, {int4}, {int4})
_int4: {_int4}[{:place}:{:place}]
_int4: coalesce({_int4}, ARRAY[]::int4[])
_int4: array_positions({_text}, {text})
_int4: array_sort({_int4})
_text: string_to_array({text}, {:text})
_text: regexp_split_to_array({text}, {:regex})
_text: regexp_match({text}, {:regex})
_text: {_text} || {text}
_text: ARRAY[{text}, {text}, NULL]
_text: array_reverse({_text})
_text: {_int4}::text[]
bytea: convert_to({text}, 'UTF8')
bytea: {bytea} || {bytea}
bytea: sha256({bytea})
bytea: coalesce({bytea}, {bytea})
uuid: coalesce({uuid}, {uuid})
"""
_NAMES = "now random clock current local gen_random uuid statement_ transaction_ version".split()
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
}  # fmt: skip
WORDS["quoted field"] = [f"'{each}'" for each in WORDS["field"]]
WORDS["quoted day field"] = [f"'{each}'" for each in WORDS["day field"]]
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
    for line in _SAFE.strip().splitlines():
        type_, _, text = line.partition(": ")
        found[type_].append(Pattern.of(text))
    return found


@cache
def wild() -> Patterns:
    """The same, and every operator, function and cast that the translator has a rule for: they may fail."""
    found: Patterns = defaultdict(list)
    for type_, patterns in safe().items():
        found[type_] += patterns
    for operator in catalog().every_operator():
        if f"{operator.procedure}({','.join(operator.arguments)})" in CALLS and _known(operator.arguments):
            slots = [f"{{{each}}}" for each in operator.arguments]
            text = f"{slots[0]} {operator.name} {slots[1]}" if len(slots) == 2 else f"{operator.name} {slots[0]}"
            found[operator.result].append(Pattern.of(text))
    for procedure in catalog().every_procedure():
        key = f"{procedure.name}({','.join(procedure.arguments)})"
        plain = procedure.kind == "f" and not procedure.returns_set and procedure.arguments
        if plain and key in CALLS and not key.startswith(tuple(_NAMES)) and _known(procedure.arguments):
            slots = [_slot(procedure.name, place, each) for place, each in enumerate(procedure.arguments)]
            found[procedure.result].append(Pattern.of(f'pg_catalog."{procedure.name}"({", ".join(slots)})'))
    for source in EVERYDAY:
        for target in EVERYDAY:
            if source != target and catalog().path(source, target, EXPLICIT):
                found[target].append(Pattern.of(f"({{{source}}})::{spelled(target)}"))
    return found


def _slot(name: str, place: int, type_: str) -> str:
    word = _CHOSEN.get((name, place))
    return f"{{:{word}}}" if word else f"{{{type_}}}"


def _known(types: tuple[str, ...]) -> bool:
    return all(map(has_values, types))
