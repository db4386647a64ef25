"""Model tests: text files with rows as psql prints them.

    model sessions   start 2026-03-01   end 2026-03-02   zone Europe/Berlin
    given user_events
      user_id:text | event_timestamp:timestamptz
      ada          | 2026-03-01 10:00+01
    expect sessions
      user_id | total_events
      ada     | 1

The first line names the model; start, end, now and zone are optional (the project's zone, else). A column's
type stands after its name; without one it is text in `given`, and the model's own in `expect`. A cell is NULL
when it is empty or says NULL; '' is the empty text. Columns that `expect` does not name are not looked at, and
the order of the rows counts only for `expect ordered`. `#` begins a comment.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from stepladder.errors import Error, ModelError, UsageError
from stepladder.pipelines.grid import local_instant
from stepladder.sql import Column, Type, parse_type

_HEAD = re.compile(r"model\s+(?P<model>\w+)(?P<rest>.*)")
_SETTINGS = ("start", "end", "now", "zone")
_SECTION = re.compile(r"(?P<word>given|expect(?P<ordered>\s+ordered)?)\s+(?P<table>\w+)")
_Line = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Given:
    """A table as the test wants it: its columns, and its cells as text, None for NULL."""

    table: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """The rows that must come out: of these columns, in this order when `ordered`."""

    names: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    ordered: bool
    line: int


@dataclass(frozen=True, slots=True)
class ModelTest:
    """One test file, read."""

    path: Path
    model: str
    start: dt.datetime | None
    end: dt.datetime | None
    now: dt.datetime | None
    zone: str
    given: tuple[Given, ...]
    expected: Expected


def read_model_tests(folder: Path, zone: str) -> tuple[ModelTest, ...]:
    """Every *.test below `folder`. Raises ModelError with file and line."""
    return tuple(read_model_test(path, zone) for path in sorted(folder.rglob("*.test")))


def read_model_test(path: Path, zone: str) -> ModelTest:
    """One test file. Raises ModelError with file and line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"cannot be read: {error}", file=str(path)) from error
    lines = [
        (number, line)
        for number, raw in enumerate(text.splitlines(), 1)
        if (line := _without_comment(raw).rstrip())
    ]
    if not lines:
        raise ModelError("the test is empty: it begins with `model NAME`.", file=str(path))
    number, head = lines[0]
    found = _HEAD.fullmatch(head.strip())
    if found is None:
        raise ModelError(
            "a test begins with `model NAME`, then start, end, now, zone as needed.",
            file=str(path),
            line=number,
        )
    settings = _settings(found["rest"], path, number)
    zone = settings.get("zone", zone)
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise ModelError(f"{zone!r} is no zone of the IANA database.", file=str(path), line=number) from error
    moments = {
        name: _instant(settings[name], zone, path, number) if name in settings else None
        for name in ("start", "end", "now")
    }
    sections = list(_sections(lines[1:], path))
    expected = [_expected(section, body, path) for section, body in sections if section[1]["word"] != "given"]
    if len(expected) != 1:
        raise ModelError(
            f"a test has one `expect {found['model']}`; here are {len(expected)}.", file=str(path)
        )
    section, _ = next(one for one in sections if one[0][1]["word"] != "given")
    if section[1]["table"] != found["model"]:
        raise ModelError(
            f"write `expect {found['model']}`: the test is of that model.", file=str(path), line=section[0]
        )
    given = tuple(_given(section, body, path) for section, body in sections if section[1]["word"] == "given")
    return ModelTest(
        path, found["model"], moments["start"], moments["end"], moments["now"], zone, given, expected[0]
    )


_Section = tuple[int, re.Match[str]]


def _sections(lines: Sequence[_Line], path: Path) -> Iterator[tuple[_Section, list[_Line]]]:
    section: _Section | None = None
    body: list[_Line] = []
    for number, line in lines:
        if line[0].isspace() and section is not None:
            body.append((number, line))
            continue
        if section is not None:
            yield section, body
        match = _SECTION.fullmatch(line)
        if match is None:
            raise ModelError(
                f"{line!r}: write `given TABLE` or `expect MODEL`; rows stand below it, indented.",
                file=str(path),
                line=number,
            )
        section, body = (number, match), []
    if section is None:
        raise ModelError("the test gives nothing and expects nothing.", file=str(path))
    yield section, body


def _given(section: _Section, body: Sequence[_Line], path: Path) -> Given:
    names, rows = _cells(section, body, path)
    columns = []
    for name in names:
        word, _, type_ = name.partition(":")
        try:
            columns.append(Column(word.strip(), parse_type(type_.strip()) if type_ else Type("text")))
        except Error as error:
            raise ModelError(error.message, file=str(path), line=body[0][0]) from error
    return Given(section[1]["table"], tuple(columns), rows)


def _expected(section: _Section, body: Sequence[_Line], path: Path) -> Expected:
    names, rows = _cells(section, body, path)
    return Expected(
        tuple(name.partition(":")[0].strip() for name in names), rows, bool(section[1]["ordered"]), section[0]
    )


def _cells(
    section: _Section, body: Sequence[_Line], path: Path
) -> tuple[tuple[str, ...], tuple[tuple[str | None, ...], ...]]:
    if not body:
        raise ModelError(
            "the names of the columns stand below, indented and parted by |.", file=str(path), line=section[0]
        )
    names = tuple(cell.strip() for cell in body[0][1].split("|"))
    bare = [name.partition(":")[0].strip() for name in names]
    twins = sorted({name for name in bare if bare.count(name) > 1})
    if twins:
        raise ModelError(f"two columns are called {twins[0]}.", file=str(path), line=body[0][0])
    rows = []
    for number, line in body[1:]:
        cells = tuple(_cell(cell.strip()) for cell in line.split("|"))
        if len(cells) != len(names):
            raise ModelError(f"{len(cells)} cells for {len(names)} columns.", file=str(path), line=number)
        rows.append(cells)
    return names, tuple(rows)


def _cell(text: str) -> str | None:
    if text in ("", "NULL"):
        return None
    return "" if text == "''" else text


def _settings(text: str, path: Path, line: int) -> dict[str, str]:
    words = text.split()
    found = dict(zip(words[::2], words[1::2], strict=False))
    if len(found) < len(words) // 2:
        raise ModelError("a setting is given twice.", file=str(path), line=line)
    if len(words) % 2 or any(name not in _SETTINGS for name in found):
        raise ModelError(
            f"after the model's name stand pairs of {', '.join(_SETTINGS)} and a value.",
            file=str(path),
            line=line,
        )
    return found


def _instant(text: str, zone: str, path: Path, line: int) -> dt.datetime:
    try:
        return local_instant(text, zone)
    except UsageError as error:
        raise ModelError(error.message, file=str(path), line=line) from error


def _without_comment(line: str) -> str:
    return re.split(r"(?:^|\s)#", line, maxsplit=1)[0]
