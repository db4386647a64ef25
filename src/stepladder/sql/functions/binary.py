"""Functions over bytea, and between it and text."""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from functools import partial

from stepladder.errors import DataError, InvalidArgument, InvalidText, NotPortable, NumericOutOfRange
from stepladder.sql.functions.registry import Scalar, strict

_LINE = 76  # of base64, in characters
_ESCAPED = re.compile(rb"\\(?:\\|([0-3][0-7]{2}))|[^\\]", re.DOTALL)
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def concat(one: bytes, other: bytes) -> bytes:
    """`one || other`; SQLite's own makes a text of it."""
    return one + other


def substring(data: bytes, start: int, length: int | None = None) -> bytes:
    """substring(): counted from 1; places before the first count too."""
    if length is None:
        return data[max(start - 1, 0) :]
    if length < 0:
        raise DataError("negative substring length not allowed", sqlstate="22011")
    return data[max(start - 1, 0) : max(start - 1 + length, 0)]


def overlay(data: bytes, new: bytes, start: int, length: int | None = None) -> bytes:
    """overlay()."""
    if start <= 0:
        raise DataError("negative substring length not allowed", sqlstate="22011")
    length = len(new) if length is None else length
    if start + length >= 2**31:
        raise NumericOutOfRange("integer out of range")
    return substring(data, 1, start - 1) + new + substring(data, start + length)


def position(data: bytes, part: bytes) -> int:
    """position(): counted from 1; 0 where it is not."""
    return data.find(part) + 1


def trim(data: bytes, part: bytes) -> bytes:
    """btrim()."""
    return data.strip(part) if part else data


def trim_left(data: bytes, part: bytes) -> bytes:
    """ltrim()."""
    return data.lstrip(part) if part else data


def trim_right(data: bytes, part: bytes) -> bytes:
    """rtrim()."""
    return data.rstrip(part) if part else data


def reverse(data: bytes) -> bytes:
    """reverse()."""
    return data[::-1]


def bit_count(data: bytes) -> int:
    """bit_count(): of the bits that are set."""
    return int.from_bytes(data).bit_count()


def _check(place: int, count: int) -> None:
    if not 0 <= place < count:
        raise DataError(f"index {place} out of valid range, 0..{count - 1}", sqlstate="2202E")


def get_byte(data: bytes, place: int) -> int:
    """get_byte()."""
    _check(place, len(data))
    return data[place]


def set_byte(data: bytes, place: int, value: int) -> bytes:
    """set_byte()."""
    _check(place, len(data))
    return data[:place] + bytes([value & 255]) + data[place + 1 :]


def get_bit(data: bytes, place: int) -> int:
    """get_bit(): each byte's lowest bit comes first."""
    _check(place, len(data) * 8)
    return data[place // 8] >> place % 8 & 1


def set_bit(data: bytes, place: int, value: int) -> bytes:
    """set_bit()."""
    _check(place, len(data) * 8)
    if value not in (0, 1):
        raise InvalidArgument("new bit must be 0 or 1")
    byte = data[place // 8] & ~(1 << place % 8) | value << place % 8
    return set_byte(data, place // 8, byte)


def digest(name: str, data: bytes) -> bytes:
    """sha224() and the like."""
    return hashlib.new(name, data, usedforsecurity=False).digest()


def md5(data: bytes) -> str:
    """md5(): as hexadecimal text."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def crc32(data: bytes) -> int:
    """crc32()."""
    return zlib.crc32(data)


# -- as text, and back
def encode(data: bytes, form: str) -> str:
    """encode()."""
    word = _form(form)
    if word == "hex":
        return data.hex()
    if word == "base64":
        text = base64.b64encode(data).decode("ascii")
        return "\n".join(text[at : at + _LINE] for at in range(0, len(text), _LINE))
    return "".join(_escaped(byte) for byte in data)


def _escaped(byte: int) -> str:
    if byte == 0x5C:
        return "\\\\"
    return chr(byte) if 0 < byte < 128 else f"\\{byte:03o}"


def _form(form: str) -> str:
    word = form.lower()
    if word not in ("hex", "base64", "escape"):
        raise InvalidArgument(f'unrecognized encoding: "{form}"')
    return word


def decode(text: str, form: str) -> bytes:
    """decode()."""
    word = _form(form)
    if word == "hex":
        return _from_hex(text)
    return _from_base64(text) if word == "base64" else _unescaped(text.encode())


def _from_hex(text: str) -> bytes:
    digits, pending = bytearray(), ""
    for letter in text:
        if letter in " \n\t\r" and not pending:
            continue
        if letter not in "0123456789abcdefABCDEF":
            raise InvalidArgument(f'invalid hexadecimal digit: "{letter}"')
        pending += letter
        if len(pending) == 2:
            digits.append(int(pending, 16))
            pending = ""
    if pending:
        raise InvalidArgument("invalid hexadecimal data: odd number of digits")
    return bytes(digits)


def _from_base64(text: str) -> bytes:
    """By groups of four; once a `=` was met, every group gives as many bytes as that one did."""
    found, held, place, short = bytearray(), 0, 0, 0
    for letter in text:
        if letter in " \t\n\r":
            continue
        value = _BASE64.find(letter)
        if letter == "=":
            value = 0
            short = short or {2: 1, 3: 2}.get(place, 0)
            if not short:
                raise InvalidArgument('unexpected "=" while decoding base64 sequence')
        elif value < 0:
            raise InvalidArgument(f'invalid symbol "{letter}" found while decoding base64 sequence')
        held, place = held << 6 | value, place + 1
        if place == 4:
            found += held.to_bytes(3)[: short or 3]
            held = place = 0
    if place:
        raise InvalidArgument("invalid base64 end sequence")
    return bytes(found)


def _unescaped(data: bytes) -> bytes:
    parts, at = [], 0
    while match := _ESCAPED.match(data, at):
        parts.append(bytes([int(match[1], 8)]) if match[1] else match[0][:1])
        at = match.end()
    if at != len(data):
        raise InvalidText("invalid input syntax for type bytea")
    return b"".join(parts)


def _encoding(name: str) -> str:
    word = "".join(filter(str.isalnum, name.lower()))
    found = {"utf8": "utf-8", "unicode": "utf-8", "latin1": "latin-1", "iso88591": "latin-1"}.get(word)
    if found is None:
        raise NotPortable(f"the encoding {name!r}", instead="UTF8 and LATIN1 are known")
    return found


def convert_from(data: bytes, name: str) -> str:
    """convert_from(): bytes in an encoding as text."""
    encoding = _encoding(name)
    try:
        text = data.decode(encoding)
        place = text.find("\0")
        if place < 0:
            return text
        wrong = b"\0"
    except UnicodeDecodeError as error:
        first = data[error.start]
        size = 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4 if first < 0xF8 else 1
        wrong = data[error.start : error.start + size]
    shown = " ".join(f"0x{byte:02x}" for byte in wrong)
    label = "UTF8" if encoding == "utf-8" else "LATIN1"
    raise DataError(f'invalid byte sequence for encoding "{label}": {shown}', sqlstate="22021")


def convert_to(text: str, name: str) -> bytes:
    """convert_to(): text as bytes in an encoding."""
    try:
        return text.encode(_encoding(name))
    except UnicodeEncodeError as error:
        shown = " ".join(f"0x{byte:02x}" for byte in text[error.start].encode())
        message = (
            f'character with byte sequence {shown} in encoding "UTF8" has no equivalent in encoding "LATIN1"'
        )
        raise DataError(message, sqlstate="22P05") from error


SCALARS: tuple[Scalar, ...] = (
    strict("pg_bytes_concat", 2, concat),
    *(strict("pg_bytes_substring", arity, substring) for arity in (2, 3)),
    *(strict("pg_bytes_overlay", arity, overlay) for arity in (3, 4)),
    strict("pg_bytes_position", 2, position),
    strict("pg_bytes_trim", 2, trim),
    strict("pg_bytes_trim_left", 2, trim_left),
    strict("pg_bytes_trim_right", 2, trim_right),
    strict("pg_bytes_reverse", 1, reverse),
    strict("pg_bytes_bit_count", 1, bit_count),
    strict("pg_get_byte", 2, get_byte),
    strict("pg_set_byte", 3, set_byte),
    strict("pg_get_bit", 2, get_bit),
    strict("pg_set_bit", 3, set_bit),
    *(strict(f"pg_{name}", 1, partial(digest, name)) for name in ("sha224", "sha256", "sha384", "sha512")),
    strict("pg_bytes_md5", 1, md5),
    strict("pg_crc32", 1, crc32),
    strict("pg_encode", 2, encode),
    strict("pg_decode", 2, decode),
    strict("pg_convert_from", 2, convert_from),
    strict("pg_convert_to", 2, convert_to),
)
