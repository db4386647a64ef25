"""Sequences: their definition and state as a value, and how PostgreSQL counts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from stepladder.errors import DatabaseError, NumericOutOfRange, database_error

Options = Mapping[
    str, int | str | bool | None
]  # by PostgreSQL's words; None for NO MINVALUE, RESTART without WITH
_ENDS = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
_SHOWN = {"int2": "smallint", "int4": "integer", "int8": "bigint"}


@dataclass(frozen=True, slots=True)
class NumberSequence:
    """What CREATE SEQUENCE has said, and how far it has come: `last` comes next unless it was `called`."""

    type: str
    start: int
    increment: int
    minimum: int
    maximum: int
    cycle: bool
    last: int
    called: bool


def made(options: Options) -> NumberSequence:
    """A new sequence. Raises DatabaseError (22023) for options that contradict each other."""
    type_ = str(options.get("as") or "int8")
    return altered_sequence(
        NumberSequence(type_, 0, 1, 0, 0, cycle=False, last=0, called=False), options, new=True
    )


def altered_sequence(sequence: NumberSequence, options: Options, *, new: bool = False) -> NumberSequence:
    """The sequence after ALTER SEQUENCE (init_params in sequence.c)."""
    increment = _given(options, "increment", sequence.increment)
    if increment == 0:
        raise _wrong("INCREMENT must not be zero")
    end, up = _ENDS[sequence.type], increment > 0
    maximum, minimum = sequence.maximum, sequence.minimum
    if new or "maxvalue" in options:
        maximum = _given(options, "maxvalue", end - 1 if up else -1)
    if new or "minvalue" in options:
        minimum = _given(options, "minvalue", 1 if up else -end)
    for word, value in (("MAXVALUE", maximum), ("MINVALUE", minimum)):
        if not -end <= value < end:
            shown = _SHOWN[sequence.type]
            raise _wrong(f"{word} ({value}) is out of range for sequence data type {shown}")
    if minimum >= maximum:
        raise _wrong(f"MINVALUE ({minimum}) must be less than MAXVALUE ({maximum})")
    start = sequence.start
    if new or "start" in options:
        start = _given(options, "start", minimum if up else maximum)
    last, called = (start, False) if new else (sequence.last, sequence.called)
    if "restart" in options:
        last, called = _given(options, "restart", start), False
    for word, value in (("START", start), ("RESTART", last)):
        if value < minimum:
            raise _wrong(f"{word} value ({value}) cannot be less than MINVALUE ({minimum})")
        if value > maximum:
            raise _wrong(f"{word} value ({value}) cannot be greater than MAXVALUE ({maximum})")
    cycle = bool(options.get("cycle", sequence.cycle))
    return NumberSequence(sequence.type, start, increment, minimum, maximum, cycle, last, called)


def _given(options: Options, word: str, default: int) -> int:
    value = options.get(word)
    return default if value is None else int(value)


def _wrong(message: str) -> DatabaseError:
    return database_error("22023")(message, sqlstate="22023")


def advanced(sequence: NumberSequence, name: str) -> NumberSequence:
    """The sequence after nextval(), whose value is `last`. Raises DatabaseError (2200H) where it has come to its end."""
    if not sequence.called:
        return replace(sequence, called=True)
    value = sequence.last + sequence.increment
    if sequence.minimum <= value <= sequence.maximum:
        return replace(sequence, last=value)
    if sequence.cycle:
        return replace(sequence, last=sequence.minimum if sequence.increment > 0 else sequence.maximum)
    word, end = ("maximum", sequence.maximum) if sequence.increment > 0 else ("minimum", sequence.minimum)
    message = f'nextval: reached {word} value of sequence "{name}" ({end})'
    raise database_error("2200H")(message, sqlstate="2200H")


def set_to(sequence: NumberSequence, name: str, value: int, *, called: bool) -> NumberSequence:
    """The sequence after setval(). Raises NumericOutOfRange."""
    if not sequence.minimum <= value <= sequence.maximum:
        raise NumericOutOfRange(
            f'setval: value {value} is out of bounds for sequence "{name}" ({sequence.minimum}..{sequence.maximum})'
        )
    return replace(sequence, last=value, called=called)
