"""to_number(): a text read by a pattern, byte by byte as the server does it (NUM_processor in formatting.c).

The pattern leads, not the text: each of its pieces takes what it knows, or steps over a byte that it does not.
Refused by name: RN, V.
"""

from __future__ import annotations

from stepladder.errors import DataError, InvalidText, NotPortable
from stepladder.sql.functions.number_patterns import Pattern, number_pattern
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.numerals import numeric_text, parse_numeric

_DATA = b"0123456789.,+-"
_DIGITS = b"0123456789"
_ORDINAL_BYTES = 2


class _Reader:
    """One text being read."""

    def __init__(self, pattern: Pattern, text: str) -> None:
        self.pattern, self.text, self.at = pattern, text.encode(), 0
        words = [keyword for keyword, _ in pattern.pieces]
        point = next((at for at, word in enumerate(words) if word in (".", "D")), len(words))
        self.sign_leads = "S" in words[:point]
        self.sign = ""
        self.digits = ""
        self.fraction: str | None = None  # None: no point was read

    @property
    def ended(self) -> bool:
        return self.at >= len(self.text)

    @property
    def _next(self) -> int:
        return self.text[self.at]

    @property
    def _begun(self) -> bool:
        return bool(self.digits or self.fraction)

    def number(self) -> str:
        """What was read, as the server hands it to numeric's own reader."""
        for keyword, text in self.pattern.pieces:
            if keyword:
                self._by_keyword(keyword)
            else:
                self._step_over(len(text))
        return f"{self.sign or ' '}{self.digits}{f'.{self.fraction}' if self.fraction else ''}"

    def _by_keyword(self, keyword: str) -> None:
        if self.ended:
            return
        if keyword in ("9", "0", ".", "D"):
            self._digit(keyword)
            self.at += 1
        elif keyword in (",", "G"):
            if self._next == ord(",") and "FM" not in self.pattern.words:
                self.at += 1
        elif keyword in ("MI", "PL", "SG"):
            self._sign_alone({"MI": b"-", "PL": b"+", "SG": b"-+"}[keyword])
        elif keyword == "L":
            self._step_over_other(1)
        elif keyword in ("TH", "th") and not self.pattern.decimal:
            self._step_over_other(_ORDINAL_BYTES)

    def _digit(self, keyword: str) -> None:
        """What 9, 0 and the point take: a sign before the first digit, a digit or the point, a sign behind it."""
        if self._next == ord(" "):
            self.at += 1
        if not self.ended and not self.sign and keyword in ("9", "0") and not self._begun:
            self._leading_sign()
        if self.ended:
            return
        read = self._digit_or_point()
        if read is not None and not self.sign and self._begun:
            self._trailing_sign(read=read)

    def _leading_sign(self) -> None:
        letter = self._next
        brackets = "PR" in self.pattern.words and letter == ord("<") and not self.sign_leads
        if letter == ord("-") or brackets:
            self.sign, self.at = "-", self.at + 1
        elif letter == ord("+"):
            self.sign, self.at = "+", self.at + 1

    def _digit_or_point(self) -> bool | None:
        """Whether either was read; None for a digit that has no place."""
        letter = self._next
        if letter in _DIGITS:
            if self.fraction is None:
                self.digits += chr(letter)
            elif len(self.fraction) == self.pattern.after:
                return None
            else:
                self.fraction += chr(letter)
            return True
        if self.pattern.decimal and self.fraction is None and letter == ord("."):
            self.fraction = ""
            return True
        return False

    def _trailing_sign(self, *, read: bool) -> None:
        words = self.pattern.words
        if "S" in words:
            behind = self.text[self.at + 1 : self.at + 2]
            if read and behind in (b"-", b"+"):
                self.at += 1
                self.sign = behind.decode()
        elif not read and words & {"PL", "MI", "SG"} and self._next in b"-+":
            self.sign = chr(self._next)

    def _sign_alone(self, taken: bytes) -> None:
        if self._next in taken:
            self.sign = chr(self._next)
            self.at += 1
        else:
            self._step_over_other(1)

    def _step_over_other(self, count: int) -> None:
        """At most so many characters that belong to no number."""
        for _ in range(count):
            if self.ended or self._next in _DATA:
                return
            self._step_over(1)

    def _step_over(self, count: int) -> None:
        """Characters, whatever they are."""
        for _ in range(count):
            if self.ended:
                return
            lead = self._next
            self.at += 1 if lead < 0xC0 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4


def to_number(text: str, pattern_text: str) -> str | None:
    """to_number() of a text; NULL by an empty pattern. Raises InvalidText, DataError, NotPortable."""
    if not pattern_text:
        return None
    pattern = number_pattern(pattern_text)
    if "EEEE" in pattern.words:
        raise NotPortable('"EEEE" in to_number()', instead="cast the text to numeric")
    if pattern.roman:
        raise NotPortable('"RN" in to_number()')
    number = _Reader(pattern, text).number()
    if not any(letter in number for letter in "0123456789"):
        raise InvalidText(f'invalid input syntax for type numeric: "{number}"')
    found = parse_numeric(number)
    if found and found.adjusted() >= pattern.before:
        raise DataError("numeric field overflow", sqlstate="22003")
    return numeric_text(found)


SCALARS: tuple[Scalar, ...] = (strict("pg_to_number", 2, to_number),)
