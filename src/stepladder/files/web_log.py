r"""Web server logs in Apache's "combined" format, one page view a line.

    LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\"" combined

https://httpd.apache.org/docs/2.4/mod/mod_log_config.html ; nginx writes the same under the same name. The
Common Log Format lacks the last two fields: without an agent nobody can be told apart, so it is rejected.
Apache writes a quote inside a field as `\"`, a backslash as `\\` (both undone here), other bytes as `\xe9`
(left as they are; bytes that came into the log unescaped are shown in the same way).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from itertools import islice

from stepladder.errors import LoadError
from stepladder.files.agents import device_type
from stepladder.files.lines import Lines, readable, without_last_blank
from stepladder.files.source import FileSource, Record, Reject
from stepladder.sql import Column, Type

COLUMNS = (
    Column("user_id", Type("text")),
    Column("session_id", Type("text")),
    Column("event_type", Type("text")),
    Column("event_timestamp", Type("timestamptz")),
    Column("page_url", Type("text")),
    Column("device_type", Type("text")),
)
HEAD = 1_000
"""How many lines may fail before the file is taken for something else."""

_QUOTED = r'"{}[^"\\]*(?:\\.[^"\\]*)*{}"'
_TIME = r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"
# A method is a token (https://www.rfc-editor.org/rfc/rfc9110#name-tokens); a target has no blank in it.
_REQUEST = r"""[!#$%&'*+.^`|~\w-]+ ((?:[^\s"\\]++|\\.)+) HTTP/\d(?:\.\d)?"""
_FIELDS = (
    ("address", r"(\S+)"),
    ("identity", r"\S+"),
    ("user", r"\S+(?: [^\s\[]\S*)*"),
    ("time", r"\[([^\]]+)\]"),
    ("request", rf'"{_REQUEST}"'),
    ("status", r"\d{3}"),
    ("size", r"(?:\d+|-)"),
    ("referrer", _QUOTED.format("", "")),
    ("agent", _QUOTED.format("(", ")")),
)
_LINE = re.compile(" ".join(pattern for _, pattern in _FIELDS), re.ASCII)
_PIECES = tuple((name, re.compile(pattern, re.ASCII)) for name, pattern in _FIELDS)
_CLOCK = re.compile(_TIME, re.ASCII)
_UNFINISHED = re.compile(r'\[[^\]]*|"(?:[^"\\]|\\.)*\\?')
_ESCAPED = re.compile(r'\\(["\\])')
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*", re.IGNORECASE)
# Not strptime's %b, which reads the names of the machine's language.
_MONTHS = {
    name: number
    for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)  # noqa: SIM905
}


def combined_source(lines: Lines) -> FileSource:
    """A log in the combined format as page views.

    `user_id` is the first 16 hexadecimal digits of SHA-256 of the address, a line feed and the agent;
    `session_id` is NULL, for the log has none; `event_timestamp` is aware, in UTC; `page_url` is the path
    without query and fragment, its percent signs untouched.
    Raises LoadError when none of the first 1,000 lines is of the format.
    """
    with closing(_records(lines)) as records:
        head = list(islice(records, HEAD))
    rejects = [record for record in head if isinstance(record, Reject)]
    if rejects and len(rejects) == len(head):
        first = rejects[0]
        raise LoadError(
            f"{lines.path} does not look like a combined log: none of its first {len(head):,} lines is one. "
            f"Line {first.line}: {first.reason}."
        )
    return FileSource(COLUMNS, lines, lambda: _records(lines))


def _records(lines: Lines) -> Generator[Record]:
    with closing(iter(lines)) as start:
        for number, line in without_last_blank(start):
            text = readable(line)
            found = _LINE.fullmatch(text)
            instant = None if found is None else _instant(found[2])
            if found is None or instant is None:
                yield Reject(None, number, None, None, _reason(text), text)
                continue
            address, _, target, agent = found.groups()
            user, device = _user(address, agent), device_type(agent)
            yield number, (user, None, "page_view", instant, _path(target), device)


@lru_cache(maxsize=4_096)
def _instant(text: str) -> datetime | None:
    """A moment in UTC; None for one that does not exist."""
    found = _CLOCK.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        zone = timezone(-offset if sign == "-" else offset)
        date = (int(year), _MONTHS[month], int(day))
        return datetime(*date, int(hour), int(minute), int(second), tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=65_536)
def _user(address: str, agent: str) -> str:
    return hashlib.sha256(f"{address}\n{_unescaped(agent)}".encode()).hexdigest()[:16]


def _path(target: str) -> str:
    """The path of a request target; that of an absolute one (https://host/path, to a proxy) too."""
    if not target.startswith("/"):
        target = _ORIGIN.sub("", target, count=1)
    return _unescaped(target.partition("?")[0].partition("#")[0]) or "/"


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _reason(text: str) -> str:
    """Why a line is not of the format: the first field that is not, and what stands there."""
    if not text or text.isspace():
        return "empty line"
    at = 0
    for index, (name, pattern) in enumerate(_PIECES):
        if at >= len(text):
            return f"ends before its {name}"
        found = pattern.match(text, at)
        if found is None:
            return _not_a(name, text[at:])
        if name == "time" and _instant(found[1]) is None:
            return f"its time does not exist: {_excerpt(found[1])}"
        at = found.end()
        if index < len(_PIECES) - 1 and at < len(text):
            if text[at] != " ":
                return f"no blank after its {name}, but {_excerpt(text[at:])}"
            at += 1
    return f"more text after its agent: {_excerpt(text[at:])}"


def _not_a(name: str, rest: str) -> str:
    if name in ("time", "request", "referrer", "agent") and _UNFINISHED.fullmatch(rest):
        return f"ends inside its {name}"
    if name == "request":
        return f'its request is not "METHOD target HTTP/1.1", but {_excerpt(rest)}'
    return f"its {name} is missing: {_excerpt(rest)} stands there"


def _excerpt(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"
