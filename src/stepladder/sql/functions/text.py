"""PostgreSQL's text functions."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Literal

from stepladder.errors import DataError, InvalidArgument, NotPortable, NumericOutOfRange, SqlSyntaxError
from stepladder.sql.encoding import encoder
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.letters import lower, members, upper
from stepladder.sql.regex.places import is_within
from stepladder.sql.types import Type

_LONGEST = 1_000_000_000 // 4


def initcap(text: str) -> str:
    """initcap(): a letter or digit after anything else is a word's first."""
    parts, inside = [], False
    for letter in text:
        parts.append(lower(letter) if inside else upper(letter))
        inside = is_within(members("alnum"), ord(letter))
    return "".join(parts)


def substring(text: str, start: int, length: int | None = None) -> str:
    """substr(): counted from 1; places before the first count too."""
    if length is None:
        return text[max(start - 1, 0) :]
    if length < 0:
        raise DataError("negative substring length not allowed", sqlstate="22011")
    return text[max(start - 1, 0) : max(start - 1 + length, 0)]


def left(text: str, count: int) -> str:
    """left(): a negative count leaves off the last ones."""
    return text[:count]


def right(text: str, count: int) -> str:
    """right(): a negative count leaves off the first ones."""
    if count == -(2**31):  # PostgreSQL's own: it has no opposite
        return text
    if count < 0:
        return text[-count:]
    return text[max(len(text) - count, 0) :]


def split_part(text: str, separator: str, number: int) -> str:
    """split_part(): counted from 1, from the end when negative."""
    if number == 0:
        raise InvalidArgument("field position must not be zero")
    parts = text.split(separator) if separator else [text]
    place = number - 1 if number > 0 else len(parts) + number
    return parts[place] if 0 <= place < len(parts) else ""


def replace(text: str, old: str, new: str) -> str:
    """replace(): nothing is found where the old text is empty."""
    return text.replace(old, new) if old else text


def pad(side: Callable[[str, str], str], text: str, length: int, fill: str = " ") -> str:
    """lpad and rpad."""
    length = max(length, 0)
    missing = length - len(text)
    if missing <= 0 or not fill:
        return text[:length]
    if length > _LONGEST:
        raise DataError("requested length too large", sqlstate="54000")
    return side((fill * (missing // len(fill) + 1))[:missing], text)


def _before(fill: str, text: str) -> str:
    return fill + text


def _behind(fill: str, text: str) -> str:
    return text + fill


def lpad(text: str, length: int, fill: str = " ") -> str:
    """lpad()."""
    return pad(_before, text, length, fill)


def rpad(text: str, length: int, fill: str = " ") -> str:
    """rpad()."""
    return pad(_behind, text, length, fill)


def repeat(text: str, count: int) -> str:
    """repeat()."""
    if count * len(text) > _LONGEST:
        raise DataError("requested length too large", sqlstate="54000")
    return text * max(count, 0)


def reverse(text: str) -> str:
    """reverse()."""
    return text[::-1]


def position(text: str, part: str) -> int:
    """strpos(): counted from 1; 0 where it is not."""
    return text.find(part) + 1


def translate(text: str, old: str, new: str) -> str:
    """translate(): each letter of `old` to the one in its place in `new`, or to nothing."""
    table: dict[int, str | None] = {}
    for place, letter in enumerate(old):
        table.setdefault(ord(letter), new[place] if place < len(new) else None)
    return text.translate(table)


def trim(text: str, letters: str = " ") -> str:
    """btrim()."""
    return text.strip(letters) if letters else text


def trim_left(text: str, letters: str = " ") -> str:
    """ltrim()."""
    return text.lstrip(letters) if letters else text


def trim_right(text: str, letters: str = " ") -> str:
    """rtrim()."""
    return text.rstrip(letters) if letters else text


def starts_with(text: str, part: str) -> int:
    """starts_with()."""
    return int(text.startswith(part))


def md5(text: str) -> str:
    """md5()."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def code_point(text: str) -> int:
    """ascii(): the first character's code point."""
    return ord(text[0]) if text else 0


def character(code: int) -> str:
    """chr()."""
    if code < 0:
        raise InvalidArgument("character number must be positive")
    if code == 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise DataError(f"requested character not valid: {code}", sqlstate="54000")
    return chr(code)


def octets(text: str) -> int:
    """octet_length()."""
    return len(text.encode())


def bits(text: str) -> int:
    """bit_length()."""
    return octets(text) * 8


def overlay(text: str, new: str, start: int, length: int | None = None) -> str:
    """overlay()."""
    if start <= 0:
        raise DataError("negative substring length not allowed", sqlstate="22011")
    length = len(new) if length is None else length
    if start + length >= 2**31:
        raise NumericOutOfRange("integer out of range")
    return substring(text, 1, start - 1) + new + substring(text, start + length)


def to_base(form: str, size: int, value: int) -> str:
    """to_hex() and its kin: a negative number as its two's complement of so many bits."""
    return format(value & (1 << size) - 1, form)


_UNICODE = re.compile(r"\\(?:(\\)|u?([0-9a-fA-F]{4})|\+([0-9a-fA-F]{6})|U([0-9a-fA-F]{8})|)")


def unistr(text: str) -> str:
    """unistr(): `\\0061`, `\\u0061`, `\\+000061` and `\\U00000061` as the character."""
    try:
        plain = _UNICODE.sub(_meant, text).encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise SqlSyntaxError("invalid Unicode surrogate pair") from error
    return plain


def _meant(match: re.Match[str]) -> str:
    digits = match[2] or match[3] or match[4]
    if match[1]:
        return "\\"
    if not digits:
        raise SqlSyntaxError("invalid Unicode escape")
    code = int(digits, 16)
    if not 0 < code <= 0x10FFFF:
        raise InvalidArgument(f"invalid Unicode code point: {code:04X}")
    return chr(code)


_Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
_FORMS: dict[str, _Form] = {"NFC": "NFC", "NFD": "NFD", "NFKC": "NFKC", "NFKD": "NFKD"}


def _form(text: str, form: str) -> _Form:
    word = _FORMS.get(form.upper())
    if word is None:
        raise InvalidArgument(f"invalid normalization form: {form}")
    if not text.isascii() and any(unicodedata.category(letter) == "Cn" for letter in text):
        raise NotPortable("normalizing characters that are newer than Python's tables")
    return word


def normalize(text: str, form: str = "NFC") -> str:
    """normalize()."""
    return unicodedata.normalize(_form(text, form), text)


def is_normalized(text: str, form: str = "NFC") -> int:
    """IS NORMALIZED."""
    return int(unicodedata.normalize(_form(text, form), text) == text)


def concat(*parts: str | None) -> str:
    """concat(): NULL is nothing."""
    return "".join(part for part in parts if part is not None)


def concat_with(separator: str | None, *parts: str | None) -> str | None:
    """concat_ws(): NULLs are left out, with their separators."""
    return None if separator is None else separator.join(part for part in parts if part is not None)


def fit_text(text: str, length: int) -> str:
    """A value for a varchar(n) column; blanks that are too many are cut, anything else is an error."""
    encode = encoder(Type("varchar", length=length))
    assert encode is not None
    return str(encode(text))


SCALARS: tuple[Scalar, ...] = (
    strict("pg_upper", 1, upper),
    strict("pg_lower", 1, lower),
    strict("pg_initcap", 1, initcap),
    strict("pg_substring", 2, substring),
    strict("pg_substring", 3, substring),
    strict("pg_left", 2, left),
    strict("pg_right", 2, right),
    strict("pg_split_part", 3, split_part),
    strict("pg_replace", 3, replace),
    strict("pg_lpad", 2, lpad),
    strict("pg_lpad", 3, lpad),
    strict("pg_rpad", 2, rpad),
    strict("pg_rpad", 3, rpad),
    strict("pg_repeat", 2, repeat),
    strict("pg_reverse", 1, reverse),
    strict("pg_position", 2, position),
    strict("pg_translate", 3, translate),
    strict("pg_trim", 1, trim),
    strict("pg_trim", 2, trim),
    strict("pg_trim_left", 1, trim_left),
    strict("pg_trim_left", 2, trim_left),
    strict("pg_trim_right", 1, trim_right),
    strict("pg_trim_right", 2, trim_right),
    strict("pg_starts_with", 2, starts_with),
    strict("pg_md5", 1, md5),
    strict("pg_ascii", 1, code_point),
    strict("pg_chr", 1, character),
    strict("pg_octet_length", 1, octets),
    strict("pg_fit_text", 2, fit_text),
    strict("pg_bit_length", 1, bits),
    *(strict("pg_overlay", arity, overlay) for arity in (3, 4)),
    *(
        strict(f"pg_to_{name}{size // 8}", 1, partial(to_base, form, size))
        for name, form in (("hex", "x"), ("bin", "b"), ("oct", "o"))
        for size in (32, 64)
    ),
    strict("pg_unistr", 1, unistr),
    *(strict("pg_normalize", arity, normalize) for arity in (1, 2)),
    *(strict("pg_is_normalized", arity, is_normalized) for arity in (1, 2)),
    Scalar("pg_concat", -1, concat),
    Scalar("pg_concat_ws", -1, concat_with),
)
