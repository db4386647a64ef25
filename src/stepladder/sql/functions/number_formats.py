"""to_char() of numbers, character by character as the server has it (NUM_processor in formatting.c).

Refused by name: V, B. https://www.postgresql.org/docs/current/functions-formatting.html
"""

from __future__ import annotations

from dataclasses import replace

from stepladder.errors import InvalidText, NotPortable
from stepladder.sql.functions.date_patterns import ordinal
from stepladder.sql.functions.number_notations import decimal_power, float_power, roman
from stepladder.sql.functions.number_patterns import Pattern, number_pattern
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.numerals import numeric_text, parse_numeric, rescaled


class _Writer:
    """One number being written."""

    def __init__(self, pattern: Pattern, number: str, *, negative: bool) -> None:
        self.pattern, self.fill = pattern, "FM" in pattern.words
        self.negative = negative
        whole = number.partition(".")[0]
        self.blank = max(pattern.before - len(whole), 0)
        if len(whole) > pattern.before:
            number = "#" * pattern.before + ("." + "#" * pattern.after if pattern.decimal else "")
        self.number, self.at, self.place = number, 0, 0
        self.out: list[str] = []
        self.digit_written = False
        self.ended = False  # a float has no digits left: the server writes nothing that comes behind
        words = pattern.words
        alone = words & {"PL", "MI", "SG"}
        self.brackets = "PR" in words and not (self.fill and not negative and not alone)
        if alone:
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
        self.digit_written = False
        begins = self.place >= self.blank or (pattern.zero_start and pattern.zero_start - 1 == self.place)
        if not self.signed and begins and (not self._bare_zero or self._ends_at_point()):
            self._sign()
        if self.place < self.blank and not (pattern.zero_start and pattern.zero_start - 1 <= self.place):
            self.out.append("" if self.fill else " ")
        elif self.place < self.blank:
            self.out.append("0")
            self.digit_written = True
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
            self.digit_written = True
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
            self.out.append("," if self.digit_written else "" if self.fill else " ")
        elif keyword == "L":
            self.out.append(" ")
        elif keyword in ("C", "SP"):
            pass  # the server knows them, and writes nothing
        elif keyword == "MI":
            self.out.append("-" if self.negative else "" if self.fill else " ")
        elif keyword == "PL":
            self.out.append("+" if not self.negative else "" if self.fill else " ")
        elif keyword == "SG":
            self.out.append("-" if self.negative else "+")
        elif keyword in ("TH", "th"):
            if self.number[:1] != "#" and not self.negative and not self.pattern.decimal:
                if not self.number:  # a pattern without digits
                    raise InvalidText('"" is not a number')
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


def _in_roman(pattern: Pattern, number: int) -> str:
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


def _formatted_float(value: float, pattern: Pattern, digits: int) -> str:
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


SCALARS: tuple[Scalar, ...] = (
    strict("pg_format_number", 2, format_number),
    strict("pg_format_int4", 2, format_int4),
    strict("pg_format_float", 2, format_float),
    strict("pg_format_float4", 2, format_float4),
)
