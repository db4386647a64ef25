"""to_char() and to_number() of numbers, character by character as the server has it (NUM_processor in formatting.c).

Refused by name: RN, EEEE, V. https://www.postgresql.org/docs/current/functions-formatting.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from stepladder.errors import InvalidText, NotPortable, ProgrammingError
from stepladder.sql.functions.date_patterns import ordinal
from stepladder.sql.functions.number_notations import check_notation, decimal_power, float_power, roman
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.numerals import numeric_text, parse_numeric, rescaled

_TOKEN = re.compile(
    r'"((?:[^"\\]|\\.)*)"?|(EEEE|RN|FM|TH|th|MI|PL|SG|PR|[90.,BCDGLSV]|eeee|rn|fm|mi|pl|sg|pr|[bcdglsv])|(?:\\(?="))?(.)',
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A pattern's pieces (keyword, text), and what is known of all of them."""

    pieces: tuple[tuple[str, str], ...]
    before: int  # digits before the point
    after: int
    decimal: bool
    zero_start: int  # the place of the first 0, from 1; 0: there is none
    zero_end: int
    sign: str  # "", or where S stands: pre, post
    words: frozenset[str]

    @property
    def roman(self) -> bool:
        """Whether it writes Roman numerals."""
        return not self.words.isdisjoint(("RN", "rn"))


@lru_cache(maxsize=256)
def number_pattern(text: str) -> _Pattern:
    """A pattern read. Raises ProgrammingError (42601) for one that is none, NotPortable."""
    pieces: list[tuple[str, str]] = []
    before = after = zero_start = zero_end = 0
    decimal, sign, sign_at = False, "", 0
    for quoted, word, plain in _TOKEN.findall(text):
        keyword = word if word in ("th", "rn") else word.upper()
        if not keyword:
            pieces.append(("", re.sub(r"\\(.)", r"\1", quoted) or plain))
            continue
        if keyword in ("9", "0"):
            if keyword == "0" and not zero_start and not decimal:
                zero_start = before + 1
            before, after = (before, after + 1) if decimal else (before + 1, after)
            zero_end = before + after if keyword == "0" else zero_end
        elif keyword in ("D", "."):
            if decimal:
                raise ProgrammingError("multiple decimal points", sqlstate="42601")
            decimal = True
        elif keyword == "S":
            if sign:
                raise ProgrammingError('cannot use "S" twice', sqlstate="42601")
            sign, sign_at = ("post", 0) if decimal else ("pre", before)
        pieces.append((keyword, ""))
    check_notation([keyword for keyword, _ in pieces if keyword])
    words = frozenset(keyword for keyword, _ in pieces)
    _check(words, sign, open_point=decimal and not after)
    if sign == "pre" and before == sign_at:
        sign = "post"
    return _Pattern(tuple(pieces), before, after, decimal, zero_start, zero_end, sign, words)


def _check(words: frozenset[str], sign: str, *, open_point: bool) -> None:
    """Refuse what is not known, and what contradicts itself."""
    unknown = words & {"V", "B"}
    if unknown:
        raise NotPortable(f"the pattern {', '.join(unknown)} in to_char() or to_number() of numbers")
    if open_point and "EEEE" not in words:
        raise NotPortable(
            "a number's pattern with a point and no digits behind it", instead="leave the point out"
        )
    if sign and words & {"MI", "PL", "SG", "PR"}:
        raise ProgrammingError('cannot use "S" and "PL"/"MI"/"SG"/"PR" together', sqlstate="42601")
    if "PR" in words and words & {"MI", "PL", "SG"}:
        raise ProgrammingError('cannot use "PR" and "S"/"PL"/"MI"/"SG" together', sqlstate="42601")


class _Writer:
    """One number being written."""

    def __init__(self, pattern: _Pattern, number: str, *, negative: bool) -> None:
        self.pattern, self.fill = pattern, "FM" in pattern.words
        self.negative = negative
        whole = number.partition(".")[0]
        self.blank = max(pattern.before - len(whole), 0)
        if len(whole) > pattern.before:
            number = "#" * pattern.before + ("." + "#" * pattern.after if pattern.decimal else "")
        self.number, self.at, self.place = number, 0, 0
        self.out: list[str] = []
        self.digits_begun = False
        self.ended = False  # a float has no digits left: the server writes nothing that comes behind
        words = pattern.words
        self.brackets = "PR" in words and not (self.fill and not negative)
        if words & {"PL", "MI", "SG"}:
            self.signed = not ("PL" in words and not words & {"MI", "SG"})
        else:
            self.signed = not negative and self.fill and not pattern.sign and not self.brackets
        self.last = self._last_relevant()
        self.count = pattern.before + pattern.after - 1 + (not self.signed and not self.blank)

    def _last_relevant(self) -> int | None:
        """The place of the last digit that FM keeps."""
        if not (self.fill and self.pattern.decimal) or "." not in self.number:
            return None
        point = self.number.index(".")
        kept = [place for place in range(point + 1, len(self.number)) if self.number[place] != "0"]
        last = kept[-1] if kept else point
        if self.pattern.zero_end > self.blank:
            last = max(last, min(len(self.number) - 1, self.pattern.zero_end - self.blank))
        return last

    @property
    def _bare_zero(self) -> bool:
        """0.1 by 9.9 is .1"""
        return (
            not self.pattern.zero_start and not self.at and self.number[:1] == "0" and self.pattern.after > 0
        )

    def _ends_at_point(self) -> bool:
        return self.last is not None and self.number[self.last] == "."

    def digit(self, keyword: str) -> None:
        """9, 0 or the point."""
        pattern = self.pattern
        begins = self.place >= self.blank or (pattern.zero_start and pattern.zero_start - 1 == self.place)
        if not self.signed and begins and (not self._bare_zero or self._ends_at_point()):
            self._sign()
        if self.place < self.blank and not (pattern.zero_start and pattern.zero_start - 1 <= self.place):
            self.out.append("" if self.fill else " ")
        elif self.place < self.blank:
            self.out.append("0")
            self.digits_begun = True
        else:
            self._character(keyword)
        if not self.ended:
            self._close()
        self.place += 1

    def _character(self, keyword: str) -> None:
        letter = self.number[self.at : self.at + 1]
        if letter == ".":
            self.out.append(".")
        elif self.last is not None and self.at > self.last and keyword != "0":
            pass
        elif self._bare_zero:
            self.out.append(" " if not self.fill else "0" if self._ends_at_point() else "")
        else:
            self.out.append(letter)
            self.digits_begun = True
            self.ended = not letter
        self.at += bool(letter)

    def _sign(self) -> None:
        if self.pattern.sign:
            if self.pattern.sign == "pre":
                self.out.append("-" if self.negative else "+")
                self.signed = True
            return
        if self.brackets:
            self.out.append("<" if self.negative else " ")
        else:
            self.out.append("-" if self.negative else "" if self.fill else " ")
        self.signed = True

    def _close(self) -> None:
        end = self.count + bool(self.blank) + self.pattern.decimal
        if self.last is not None and self.last == self.at:
            end = self.place
        if self.place + 1 != end:
            return
        if self.signed and self.brackets:
            self.out.append(">" if self.negative else " ")
        elif self.pattern.sign == "post":
            self.out.append("-" if self.negative else "+")

    def other(self, keyword: str, text: str) -> None:
        """What is no digit."""
        if keyword in (",", "G"):
            self.out.append("," if self.digits_begun else "" if self.fill else " ")
        elif keyword == "L":
            self.out.append(" ")
        elif keyword == "C":
            pass  # the server knows it, and writes nothing
        elif keyword == "MI":
            self.out.append("-" if self.negative else "" if self.fill else " ")
        elif keyword == "PL":
            self.out.append("+" if not self.negative else "" if self.fill else " ")
        elif keyword == "SG":
            self.out.append("-" if self.negative else "+")
        elif keyword in ("TH", "th"):
            if self.number[:1] != "#" and not self.negative and not self.pattern.decimal:
                self.out.append(ordinal(self.number, keyword)[len(self.number) :])
        else:
            self.out.append(text)

    def text(self) -> str:
        """All of it."""
        for keyword, text in self.pattern.pieces:
            if keyword in ("9", "0", ".", "D"):
                self.digit(keyword)
            else:
                self.other(keyword, text)
            if self.ended:
                break
        return "".join(self.out)


def format_number(value: str | int, pattern_text: str) -> str:
    """to_char() of an integer or a numeric."""
    pattern, number = number_pattern(pattern_text), parse_numeric(str(value))
    if not number.is_finite():
        raise NotPortable("to_char() of NaN or infinity")
    if "EEEE" in pattern.words:
        return decimal_power(number, pattern.after)
    if pattern.roman:
        return _in_roman(pattern, int(rescaled(number, 0)))
    shown = numeric_text(rescaled(number, pattern.after))
    return _Writer(pattern, shown.lstrip("-"), negative=shown[0] == "-").text()


def format_int4(value: int, pattern_text: str) -> str:
    """The same of an integer of 32 bits, whose power of ten is a float's."""
    pattern = number_pattern(pattern_text)
    if "EEEE" in pattern.words:
        return float_power(float(value), pattern.after)
    return format_number(value, pattern_text)


def _in_roman(pattern: _Pattern, number: int) -> str:
    fill = "FM" in pattern.words
    return "".join(
        text if not keyword else roman(number, keyword, fill=fill) if keyword != "FM" else ""
        for keyword, text in pattern.pieces
    )


def format_float(value: float, pattern_text: str) -> str:
    """to_char() of a double precision: fifteen digits of it."""
    return _formatted_float(value, number_pattern(pattern_text), 15)


def format_float4(value: float, pattern_text: str) -> str:
    """to_char() of a real: six digits of it."""
    return _formatted_float(value, number_pattern(pattern_text), 6)


def _formatted_float(value: float, pattern: _Pattern, digits: int) -> str:
    if value in (float("inf"), float("-inf")):
        raise NotPortable("to_char() of infinity")
    if "EEEE" in pattern.words:
        return float_power(value, pattern.after)
    if pattern.roman:
        return _in_roman(pattern, round(value))
    whole = len(f"{abs(value):.0f}")
    pattern = replace(pattern, after=max(min(pattern.after, digits - whole), 0))
    shown = f"{value:.{pattern.after}f}"
    return _Writer(pattern, shown.lstrip("-"), negative=shown[0] == "-").text()


_NUMBER = re.compile(r"([<+-]?)([\d,]*)(?:\.(\d*))?([>+-]?)", re.ASCII)


def to_number(text: str, pattern_text: str) -> str | None:
    """to_number() of a text that has no more than the pattern says; any other is refused. NULL by an empty pattern."""
    if not pattern_text:
        return None
    pattern = number_pattern(pattern_text)
    if pattern.roman or "EEEE" in pattern.words:
        raise NotPortable("the patterns RN and EEEE in to_number()")
    match = _NUMBER.fullmatch(text)
    refused = NotPortable(
        f"to_number({text!r}, {pattern_text!r})", instead="replace() what is no digit, and cast"
    )
    if match is None or any(keyword in ("", "C", "L", "TH", "th") for keyword, _ in pattern.pieces):
        raise refused
    before, fraction, whole, after = match[1], match[3], match[2].replace(",", ""), match[4]
    if not whole and not fraction:
        raise InvalidText(f'invalid input syntax for type numeric: "{text.strip() or " "}"')
    separators = "," in match[2] and not (pattern.words & {",", "G"})
    signs = (before or after) and not (
        pattern.sign or pattern.words & {"MI", "SG", "PL", "PR"} or (before == "-" and not after)
    )
    too_long = len(whole) > pattern.before or len(fraction or "") > pattern.after
    if (
        separators
        or signs
        or too_long
        or (before and after and before + after != "<>")
        or before == "<" != after.replace(">", "<")
    ):
        raise refused
    if "," in match[2] and not _grouped(match[2], pattern):
        raise refused
    negative = "-" in before + after or before == "<"
    point = f".{fraction}" if fraction else ""
    return numeric_text(parse_numeric(f"{'-' if negative else ''}{whole or '0'}{point}"))


def _grouped(whole: str, pattern: _Pattern) -> bool:
    """Whether the separators stand where the pattern has them, counted from the point."""
    words = [keyword for keyword, _ in pattern.pieces]
    points = [place for place, keyword in enumerate(words) if keyword in (".", "D")]
    before = words[: points[0]] if points else words
    shape = "".join("," if word in (",", "G") else "9" for word in before if word in (",", "G", "9", "0"))
    return len(whole) <= len(shape) and all(
        (one == ",") == (other == ",") for one, other in zip(reversed(whole), reversed(shape), strict=False)
    )


SCALARS: tuple[Scalar, ...] = (
    strict("pg_format_number", 2, format_number),
    strict("pg_format_int4", 2, format_int4),
    strict("pg_format_float", 2, format_float),
    strict("pg_format_float4", 2, format_float4),
    strict("pg_to_number", 2, to_number),
)
