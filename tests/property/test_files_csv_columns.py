"""CSV by columns: whatever stands in the file, the rows, rejects, numbers and lines are those of the reader by rows."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepladder.files import Batch, ColumnBatch, Reject, Source, delimited, delimited_columns, open_source

ALPHABET = st.sampled_from(
    [
        b"a",
        b",",
        b'"',
        b"\n",
        b"\r",
        b"\r\n",
        b"\0",
        b"\xff",
        b" ",
        "ü€".encode(),
        b'""',
        b'"a,\n"',
        b"a,b,\n",
    ]
)
FIELDS = st.sampled_from(["", "a", '""', '"a"', '"a,""b"""', '"two\nlines"', '"x\r\ny"', "ü", " ", "1.5"])
WELL_FORMED = st.lists(st.tuples(FIELDS, FIELDS, FIELDS).map(",".join), max_size=40).map(
    lambda lines: "\n".join(lines).encode()
)
MANGLED = st.lists(ALPHABET, max_size=60).map(b"".join)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "WORTH_IT", 0)
    monkeypatch.setattr(delimited_columns, "_PIECE_BYTES", 30)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csv") / "rows.csv"


def by_rows(batches: Iterator[Batch | ColumnBatch]) -> list[tuple[int, int | None, Any]]:
    """Number, line, and values or reject of each record."""
    found: list[tuple[int, int | None, Any]] = []
    for batch in batches:
        if isinstance(batch, Batch):
            found += [
                (batch.row_number(place), batch.lines[place], row) for place, row in enumerate(batch.rows)
            ]
            found += [(reject.row or 0, reject.line, reject) for reject in batch.rejects]
        else:
            assert batch.line_of is not None
            rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            found += [(batch.first_row + place, batch.line_of(place), row) for place, row in enumerate(rows)]
    return sorted(found, key=lambda each: each[0])


def fast(source: Source) -> bool:
    return any(isinstance(batch, ColumnBatch) for batch in source.bulk())


@settings(deadline=None)
@given(
    st.one_of(WELL_FORMED, MANGLED, st.tuples(WELL_FORMED, MANGLED, WELL_FORMED).map(b"\n".join)),
    st.sampled_from([b"\n", b"\r\n", b""]),
)
def test_by_columns_is_as_by_rows(path: Path, body: bytes, end: bytes) -> None:
    path.write_bytes(b"a,b,c\n" + body + end)
    source = open_source(path)
    assert by_rows(source.bulk(3)) == by_rows(source.batches(3))


@settings(deadline=None)
@given(WELL_FORMED)
def test_well_formed_files_are_read_by_columns(path: Path, body: bytes) -> None:
    path.write_bytes(b"a,b,c\nx,y,z\n" + body)
    source = open_source(path)
    assert fast(source)
    assert not any(isinstance(each, Reject) for _, _, each in by_rows(source.bulk()))


def test_also_compressed_and_after_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b'\xef\xbb\xbfa,b\r\n1,"x\r\ny"\r\n,""\r\n'))
    source = open_source(path)
    assert fast(source)
    assert by_rows(source.bulk()) == [(1, 2, ("1", "x\r\ny")), (2, 4, (None, ""))]
    assert source.bytes_read == source.size_bytes


def test_a_bad_line_costs_its_piece_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited_columns, "_PIECE_BYTES", 1000)
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n" + "1,2\n" * 1000 + "1\n" + "1,2\n" * 1000)
    slow = [batch for batch in open_source(path).bulk() if isinstance(batch, Batch)]
    assert len(slow) == 1
    assert len(slow[0].rows) < 300
