"""What Python's csv module writes, whatever its dialect, comes back."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from stepladder.files import open_source

# Whatever UTF-8 can hold, but NUL, which is rejected; the signs with a meaning in CSV often.
TEXT = st.text(
    st.one_of(
        st.sampled_from('",\r\n \tx'), st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    )
)
NAMES = st.lists(TEXT.filter(bool), min_size=1, max_size=4, unique=True)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    names = draw(NAMES)
    return names, draw(st.lists(st.lists(TEXT, min_size=len(names), max_size=len(names)), max_size=6))


def written(path: Path, table: tuple[list[str], list[list[str]]], quoting: int, end: str) -> None:
    names, rows = table
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=quoting, lineterminator=end)
        writer.writerow(names)
        writer.writerows(rows)


@given(table=tables(), end=st.sampled_from(["\n", "\r\n"]), zipped=st.booleans())
def test_everything_quoted(tmp_path_factory, table, end, zipped) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    written(path, table, csv.QUOTE_ALL, end)
    if zipped:
        path = path.with_suffix(".csv.gz")
        path.write_bytes(gzip.compress(path.with_suffix("").read_bytes()))
    source = open_source(path)
    batches = list(source.batches(2))
    # A mark at the very start cannot be told from a byte order mark: it stands before the quote here.
    assert [column.name for column in source.columns] == table[0]
    assert [list(row) for batch in batches for row in batch.rows] == table[1]
    assert [reject for batch in batches for reject in batch.rejects] == []
    assert [row for batch in batches for row in batch.lines] == lines_of(table, end)


def lines_of(table: tuple[list[str], list[list[str]]], end: str) -> list[int]:
    """The line on which each row begins, counted by its line feeds."""
    line = 1
    starts = []
    for fields in [table[0], *table[1]]:
        starts.append(line)
        line += sum(field.count("\n") for field in fields) + 1
    return starts[1:]


@given(table=tables())
def test_only_what_must_be_is_quoted(tmp_path_factory, table) -> None:
    names, rows = table
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    # The terminator \r\n makes the module quote both signs; \ufeff at the start would be a byte order mark.
    names = ["n" + name for name in names]
    written(path, (names, rows), csv.QUOTE_MINIMAL, "\r\n")
    source = open_source(path)
    batches = list(source.batches())
    assert [column.name for column in source.columns] == names
    # The module writes a lone empty field as "" and every other as nothing.
    expected = [[field or ("" if len(names) == 1 else None) for field in row] for row in rows]
    assert [list(row) for batch in batches for row in batch.rows] == expected
    assert [reject for batch in batches for reject in batch.rejects] == []


@given(
    content=st.binary(max_size=200)
    | st.lists(st.sampled_from(list(b'",\r\n\0a\xe9')), max_size=60).map(bytes)
)
def test_no_line_is_lost_whatever_the_file_holds(tmp_path_factory, content) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(b"a,b\n" + content)
    batches = list(open_source(path).batches(3))
    starts = sorted(
        [line for batch in batches for line in batch.lines]
        + [reject.line for batch in batches for reject in batch.rejects]
    )
    assert starts == sorted(set(starts))
    if content.strip():
        assert starts[0] == 2
    raw = [reject.raw for batch in batches for reject in batch.rejects]
    assert not any("\0" in text for text in raw)
    "".join(raw).encode()
