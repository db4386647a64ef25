from __future__ import annotations

from pathlib import Path

import pytest

from stepladder.files import open_source


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Seven records in lines 2 to 8, the second, fifth and sixth of them no rows."""
    path = tmp_path / "mixed.csv"
    path.write_text("a,b\n1,1\nbad\n2,2\n3,3\nbad\nbad\n4,4\n")
    return path


def test_rows_keep_their_number_and_line_whatever_is_rejected(mixed: Path) -> None:
    for size in (1, 2, 3, 4, 100):
        seen = {}
        for batch in open_source(mixed).batches(size):
            assert len(batch.rows) + len(batch.rejects) <= size
            for index, (row, line) in enumerate(zip(batch.rows, batch.lines, strict=True)):
                seen[row[0]] = (batch.row_number(index), line)
        assert seen == {"1": (1, 2), "2": (3, 4), "3": (4, 5), "4": (7, 8)}


def test_rejects_are_numbered_with_the_rows(mixed: Path) -> None:
    for size in (1, 2, 3, 100):
        rejects = [reject for batch in open_source(mixed).batches(size) for reject in batch.rejects]
        assert [(reject.row, reject.line, reject.raw) for reject in rejects] == [
            (2, 3, "bad"),
            (5, 6, "bad"),
            (6, 7, "bad"),
        ]


def test_first_row_goes_on_from_batch_to_batch(mixed: Path) -> None:
    assert [batch.first_row for batch in open_source(mixed).batches(3)] == [1, 4, 7]


def test_a_file_of_rejects_alone_still_comes_in_small_batches(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("a,b\n" + "bad\n" * 10)
    assert [len(batch.rejects) for batch in open_source(path).batches(4)] == [4, 4, 2]


def test_a_source_is_read_from_the_start_each_time(mixed: Path) -> None:
    source = open_source(mixed)
    assert list(source.batches()) == list(source.batches())


def test_a_header_alone_gives_no_batch(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    path.write_text("a,b\n")
    assert list(open_source(path).batches()) == []


def test_progress_ends_at_the_size(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a\n" + "some words\n" * 100_000)
    source = open_source(path)
    assert source.size_bytes == path.stat().st_size
    seen = []
    for _ in source.batches(10_000):
        seen.append(source.bytes_read)
    assert seen == sorted(seen)
    assert 0 < seen[0] < source.size_bytes / 2
    assert source.bytes_read == source.size_bytes
