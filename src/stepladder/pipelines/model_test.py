"""Model tests: text files with rows as psql prints them.

    model sessions   start 2026-03-01   end 2026-03-02   zone Europe/Berlin
    given user_events
      user_id:text | event_timestamp:timestamptz
      ada          | 2026-03-01 10:00+01
    expect sessions
      user_id | total_events
      ada     | 1
    then given user_events
      user_id | event_timestamp
      ada     | 2026-03-01 10:20+01        # comes late
    then run
    expect sessions
      user_id | total_events
      ada     | 2

The first line names the model; start, end, now and zone are optional (the project's zone, else). What follows is done
in turn: `given` makes a table, or adds rows to it; `replace` puts other rows in the place of its own; `run` runs the
model, over other days than the first line's where it says `run start … end …`; `expect` compares the model's table,
`error unique(user_id)` or `error DivisionByZero` what the run ended with. What was given is run before it is expected,
also where no `run` is written. `then` is for readers.

A column's type stands after its name; without one it is the live table's where there is one, else text; in `expect` it
is the model's own. A cell is NULL when it is empty or says NULL; '' is the empty text, \\| and \\# are these signs.
Columns of a live table that `given` does not name are NULL, columns that `expect` does not name are not looked at, and
the order of the rows counts only for `expect ordered`. `#` begins a comment.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo

from stepladder.errors import Error, ModelError, UsageError
from stepladder.pipelines.grid import local_instant
from stepladder.sql import Type, parse_type

_HEAD = re.compile(r"model\s+(?P<model>\w+)(?P<rest>.*)")
_SETTINGS = ("start", "end", "now", "zone")
_OF_A_RUN = ("start", "end", "now")
_SECTION = re.compile(
    r"(?:then\s+)?(?:(?P<given>given|replace)\s+(?P<table>[\w.]+)|(?P<run>run)\b(?P<rest>.*)"
    r"|(?:expect\s+)?error\s+(?P<error>.+)|expect(?P<ordered>\s+ordered)?\s+(?P<model>\w+))"
)
_RULE = re.compile(r"\s*-+(\+-+)*\s*|\s*\(\d+ rows?\)\s*")  # psql's own lines
_CELLS = re.compile(r"(?<!\\)\|")
_COMMENT = re.compile(r"(?:^|\s)#")
_Line: TypeAlias = "tuple[int, str]"
_Cells: TypeAlias = "tuple[str | None, ...]"


@dataclass(frozen=True, slots=True)
class Given:
    """Rows for a table: the names of the columns, their types where the test says them, and cells as text, None for NULL.
    `replace`: the rows that are there go first."""

    table: str
    names: tuple[str, ...]
    types: tuple[Type | None, ...]
    rows: tuple[_Cells, ...]
    line: int
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Ran:
    """The model is run: over these days, the first line's where None."""

    start: dt.datetime | None
    end: dt.datetime | None
    now: dt.datetime | None
    line: int


@dataclass(frozen=True, slots=True)
class Expected:
    """The rows that the model's table must hold: of these columns, in this order when `ordered`. `lines` are the rows'."""

    names: tuple[str, ...]
    rows: tuple[_Cells, ...]
    ordered: bool
    line: int
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpectedError:
    """What the last run must have ended with: a check's text, an error's class, or its SQLSTATE."""

    said: str
    line: int


Step: TypeAlias = Given | Ran | Expected | ExpectedError


@dataclass(frozen=True, slots=True)
class ModelTest:
    """One test file, read."""

    path: Path
    model: str
    start: dt.datetime | None
    end: dt.datetime | None
    now: dt.datetime | None
    zone: str
    steps: tuple[Step, ...]

    @property
    def given(self) -> tuple[Given, ...]:
        """What it gives, in all steps."""
        return tuple(step for step in self.steps if isinstance(step, Given))


def read_model_tests(folder: Path, zone: str) -> tuple[ModelTest, ...]:
    """Every *.test below `folder`. Raises ModelError with file and line."""
    return tuple(read_model_test(path, zone) for path in sorted(folder.rglob("*.test")))


def read_model_test(path: Path, zone: str) -> ModelTest:
    """One test file. Raises ModelError with file and line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"cannot be read: {error}", file=str(path)) from error
    return _Reader(path, zone).read(text)


class _Reader:
    """Reads one file; `zone` is that of the dates in it."""

    def __init__(self, path: Path, zone: str) -> None:
        self._path, self._zone = path, zone

    def read(self, text: str) -> ModelTest:
        lines = [
            (number, line)
            for number, raw in enumerate(text.splitlines(), 1)
            if (line := _COMMENT.split(raw, maxsplit=1)[0].rstrip())
        ]
        if not lines:
            raise ModelError("the test is empty: it begins with `model NAME`.", file=str(self._path))
        number, head = lines[0]
        found = _HEAD.fullmatch(head.strip())
        if found is None:
            raise self._error(
                number, "a test begins with `model NAME`, then start, end, now, zone as needed."
            )
        settings = self._settings(found["rest"], _SETTINGS, number)
        self._zone = settings.get("zone", self._zone)
        try:
            ZoneInfo(self._zone)
        except (KeyError, ValueError, OSError) as error:
            raise self._error(number, f"{self._zone!r} is no zone of the IANA database.") from error
        start, end, now = self._moments(settings, number)
        steps = tuple(self._steps(lines[1:], found["model"]))
        if not any(isinstance(step, Expected | ExpectedError) for step in steps):
            raise ModelError(
                f"a test has at least one `expect {found['model']}`; here is none.", file=str(self._path)
            )
        return ModelTest(self._path, found["model"], start, end, now, self._zone, steps)

    def _steps(self, lines: Sequence[_Line], model: str) -> Iterator[Step]:
        for number, section, body in self._sections(lines):
            if section["given"]:
                yield self._given(number, section["table"], body, replace=section["given"] == "replace")
            elif section["run"]:
                self._refuse_body(body, "run")
                settings = self._settings(section["rest"], _OF_A_RUN, number)
                yield Ran(*self._moments(settings, number), number)
            elif section["error"]:
                self._refuse_body(body, "error")
                yield ExpectedError(section["error"].strip(), number)
            elif section["model"] != model:
                raise self._error(number, f"write `expect {model}`: the test is of that model.")
            else:
                yield self._expected(number, body, ordered=bool(section["ordered"]))

    def _sections(self, lines: Sequence[_Line]) -> Iterator[tuple[int, re.Match[str], list[_Line]]]:
        section: tuple[int, re.Match[str]] | None = None
        body: list[_Line] = []
        for number, line in lines:
            if line[0].isspace() and section is not None:
                body.append((number, line))
                continue
            if section is not None:
                yield *section, body
            match = _SECTION.fullmatch(line)
            if match is None:
                raise self._error(
                    number,
                    f"{line!r}: write `given TABLE`, `then replace TABLE`, `then run`, `expect MODEL` or `error CHECK`; "
                    "rows stand below it, indented.",
                )
            section, body = (number, match), []
        if section is None:
            raise ModelError("the test gives nothing and expects nothing.", file=str(self._path))
        yield *section, body

    def _refuse_body(self, body: Sequence[_Line], word: str) -> None:
        if body:
            raise self._error(body[0][0], f"nothing stands below `{word}`.")

    def _given(self, line: int, table: str, body: Sequence[_Line], *, replace: bool) -> Given:
        heads, rows = self._cells(line, body)
        names, types = [], []
        for head in heads:
            name, _, type_ = head.partition(":")
            try:
                types.append(parse_type(type_.strip()) if type_ else None)
            except Error as error:
                raise self._error(body[0][0], error.message) from error
            names.append(name.strip())
        return Given(table, tuple(names), tuple(types), tuple(cells for _, cells in rows), line, replace)

    def _expected(self, line: int, body: Sequence[_Line], *, ordered: bool) -> Expected:
        heads, rows = self._cells(line, body)
        return Expected(
            tuple(head.partition(":")[0].strip() for head in heads),
            tuple(cells for _, cells in rows),
            ordered,
            line,
            tuple(number for number, _ in rows),
        )

    def _cells(self, line: int, body: Sequence[_Line]) -> tuple[tuple[str, ...], list[tuple[int, _Cells]]]:
        if not body:
            raise self._error(line, "the names of the columns stand below, indented and parted by |.")
        heads = tuple(cell.strip() for cell in body[0][1].split("|"))
        bare = [head.partition(":")[0].strip() for head in heads]
        twins = sorted({name for name in bare if bare.count(name) > 1})
        if twins:
            raise self._error(body[0][0], f"two columns are called {twins[0]}.")
        rows = []
        for number, text in body[1:]:
            if _RULE.fullmatch(text):
                continue
            cells = tuple(_cell(cell.strip()) for cell in _CELLS.split(text))
            if len(cells) != len(heads):
                raise self._error(number, f"{len(cells)} cells for {len(heads)} columns.")
            rows.append((number, cells))
        return heads, rows

    def _settings(self, text: str, known: Sequence[str], line: int) -> dict[str, str]:
        words = text.split()
        found = dict(zip(words[::2], words[1::2], strict=False))
        if len(found) < len(words) // 2:
            raise self._error(line, "a setting is given twice.")
        if len(words) % 2 or any(name not in known for name in found):
            raise self._error(line, f"here stand pairs of {', '.join(known)} and a value.")
        return found

    def _moments(
        self, settings: dict[str, str], line: int
    ) -> tuple[dt.datetime | None, dt.datetime | None, dt.datetime | None]:
        def moment(name: str) -> dt.datetime | None:
            try:
                return local_instant(settings[name], self._zone) if name in settings else None
            except UsageError as error:
                raise self._error(line, error.message) from error

        return moment("start"), moment("end"), moment("now")

    def _error(self, line: int, said: str) -> ModelError:
        return ModelError(said, file=str(self._path), line=line)


def _cell(text: str) -> str | None:
    if text in ("", "NULL"):
        return None
    return "" if text == "''" else text.replace("\\|", "|").replace("\\#", "#")
