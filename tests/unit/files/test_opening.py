from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from stepladder.errors import LoadError, MissingFile, UsageError
from stepladder.files import FORMATS, lines, open_source


def rows(path: Path, said: str | None = None) -> list[tuple[object, ...]]:
    return [row for batch in open_source(path, format=said).batches() for row in batch.rows]


def test_the_formats_are_those_of_the_documentation() -> None:
    assert FORMATS == ("csv", "jsonl", "parquet", "combined")


@pytest.mark.parametrize("name", ["a.csv", "a.CSV", "a.csv.gz", "a.b.csv.gz"])
def test_the_ending_says_csv(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    content = b"a\n1\n"
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert rows(path) == [("1",)]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_the_ending_says_jsonl(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    content = b'{"a": 1}\n'
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert rows(path) == [(1,)]


def test_a_said_format_overrules_the_ending(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('{"a": 1}\n')
    assert rows(path, "jsonl") == [(1,)]


@pytest.mark.parametrize("name", ["a.avro", "a.xlsx", "a", "a.gz", "csv"])
def test_another_ending_lists_what_is_readable(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"\.csv, \.jsonl.*\.parquet.*combined") as caught:
        open_source(tmp_path / name)
    assert str(tmp_path / name) in caught.value.message


def test_an_unknown_format_lists_what_is_readable(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r'"avro" is not known.*csv, jsonl, parquet, combined'):
        open_source(tmp_path / "a.csv", format="avro")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="No such file") as caught:
        open_source(tmp_path / "none.csv")
    assert str(tmp_path / "none.csv") in caught.value.message


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(MissingFile, match="is a folder"):
        open_source(tmp_path / "folder.csv")


def test_a_pipe_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(MissingFile, match="no regular file"):
        open_source(tmp_path / "pipe.csv")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(tmp_path: Path) -> None:
    path = tmp_path / "secret.csv"
    path.write_text("a\n")
    path.chmod(0)
    with pytest.raises(MissingFile, match="Permission denied"):
        open_source(path)


def test_gz_that_is_no_gzip(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_text("a\n1\n")
    with pytest.raises(LoadError, match="no gzip data"):
        open_source(path)


def test_gz_that_is_cut_off_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    content = b"a\n" + b"".join(os.urandom(20).hex().encode() + b"\n" for _ in range(50_000))
    whole = gzip.compress(content)
    path.write_bytes(whole[: len(whole) // 2])
    batches = open_source(path).batches(1)
    seen: list[int] = []
    with pytest.raises(LoadError, match=r"cut off; it could be read up to line [\d,]+") as caught:
        seen.extend(batch.lines[-1] for batch in batches)
    assert f"line {seen[-1]:,}." in caught.value.message
    assert 10_000 < len(seen) < 40_000


def test_gz_with_a_damaged_end(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    whole = bytearray(gzip.compress(b"a\n1\n"))
    whole[-8] ^= 0xFF
    path.write_bytes(whole)
    with pytest.raises(LoadError, match="damaged"):
        rows(path)


def test_several_gzip_members_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a\n1\n") + gzip.compress(b"2\n"))
    assert rows(path) == [("1",), ("2",)]


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 100)
    path = tmp_path / "a.csv"
    path.write_text("a\n" + "x" * 200)
    with pytest.raises(LoadError, match="line 2: no end of the line in 100 bytes"):
        rows(path)
