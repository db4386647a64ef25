from __future__ import annotations

from pathlib import Path

import pytest

from stepladder.errors import LoadError
from stepladder.files import Batch, delimited_records, open_source
from stepladder.sql import Column, Type


def read(tmp_path: Path, content: str | bytes) -> Batch:
    path = tmp_path / "a.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return next(iter(open_source(path).batches()), Batch(1, [], [], []))


def reasons(tmp_path: Path, content: str | bytes) -> list[tuple[int, str]]:
    return [(reject.line, reject.reason) for reject in read(tmp_path, content).rejects]


def test_every_column_is_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,"the ""name""",größe\n')
    text = Type("text")
    assert open_source(path).columns == (
        Column("id", text),
        Column('the "name"', text),
        Column("größe", text),
    )


def test_empty_is_null_and_quoted_empty_is_text(tmp_path: Path) -> None:
    assert read(tmp_path, 'a,b,c\n,"",x\n"",,\n').rows == [(None, "", "x"), ("", None, None)]


def test_quotes_commas_and_line_ends_in_quotes(tmp_path: Path) -> None:
    batch = read(tmp_path, 'a,b\n"x, ""y""",1\n"line\nline\r\n\n",2\n3,"z"\n')
    assert batch.rows == [('x, "y"', "1"), ("line\nline\r\n\n", "2"), ("3", "z")]
    assert batch.lines == [2, 3, 7]


def test_windows_line_ends_and_byte_order_mark(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfa,b\r\n1,2\r\n3,\r\n").rows == [("1", "2"), ("3", None)]


def test_a_byte_order_mark_before_a_quoted_header(tmp_path: Path) -> None:
    assert read(tmp_path, b'\xef\xbb\xbf"a","b"\n1,2\n').rows == [("1", "2")]


@pytest.mark.parametrize("row", ["1,2", '1,"2"', '"1",2', '"1","2"'])
def test_the_last_line_needs_no_end(tmp_path: Path, row: str) -> None:
    assert read(tmp_path, "a,b\n" + row).rows == [("1", "2")]


def test_blanks_are_part_of_the_field(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\n 1 ,\t\n").rows == [(" 1 ", "\t")]


def test_too_few_and_too_many_fields(tmp_path: Path) -> None:
    assert reasons(tmp_path, "a,b\n1\n1,2,3\n1,2,\n") == [
        (2, "1 field where the header has 2"),
        (3, "3 fields where the header has 2"),
        (4, "3 fields where the header has 2"),
    ]


def test_empty_lines_are_rejects_but_for_the_last(tmp_path: Path) -> None:
    batch = read(tmp_path, "a,b\n\n1,2\n\r\n\n")
    assert batch.rows == [("1", "2")]
    assert [(reject.line, reject.reason, reject.raw) for reject in batch.rejects] == [
        (2, "empty line", ""),
        (4, "empty line", ""),
    ]


def test_an_empty_line_of_one_column_is_null(tmp_path: Path) -> None:
    assert read(tmp_path, 'a\n\n1\n""\n\n').rows == [(None,), ("1",), ("",), (None,)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('5" pipe,b', "a quote inside a field that does not begin with one, character 2 of its line"),
        ('"a"x,b', "text after the closing quote, character 4 of its line"),
        ('"a" ,b', "text after the closing quote, character 4 of its line"),
        ("a\rb,c", "a carriage return outside quotes, character 2 of its line"),
        ('"a",b\rc', "a carriage return outside quotes, character 6 of its line"),
        ("a\0b,c", "character 2 of its line is NUL, which cannot stand in text"),
    ],
)
def test_a_malformed_line_is_one_reject_and_the_next_is_read(tmp_path: Path, line: str, reason: str) -> None:
    batch = read(tmp_path, f"a,b\n{line}\n1,2\n")
    assert batch.rows == [("1", "2")]
    assert [(reject.line, reject.reason) for reject in batch.rejects] == [(2, reason)]
    assert batch.rejects[0].raw == line.replace("\0", "\\x00")


def test_a_quote_that_is_never_closed_keeps_all_it_took(tmp_path: Path) -> None:
    batch = read(tmp_path, 'a,b\n1,2\n"x,3\n4,5\n')
    assert batch.rows == [("1", "2")]
    (reject,) = batch.rejects
    assert (reject.line, reject.raw) == (3, '"x,3\n4,5')
    assert "never closed: 2 lines" in reject.reason


def test_a_quote_that_is_never_closed_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited_records, "LONGEST_LINE", 50)
    with pytest.raises(LoadError, match="line 2: a quote is not closed within 50 bytes"):
        read(tmp_path, 'a,b\n"x\n' + "1,2\n" * 100)


def test_bytes_that_are_no_utf8(tmp_path: Path) -> None:
    batch = read(tmp_path, b'a,b\n1,caf\xe9\n"2\nx","\xff"\n3,4\n')
    assert batch.rows == [("3", "4")]
    assert [(reject.line, reject.reason, reject.raw) for reject in batch.rejects] == [
        (2, "byte 0xe9, number 6 of its line, is not UTF-8", "1,caf\\xe9"),
        (3, "byte 0xff, number 5 of its line, is not UTF-8", '"2\nx","\\xff"'),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"a,b,a\n", "names 'a' twice"),
        (b"a,,b\n", "column 2 of the header has no name"),
        (b'a,""\n', "column 2 of the header has no name"),
        (b"\n1\n", "column 1 of the header has no name"),
        (b'a,"b\n', "never closed"),
        (b"a,\xe9\n", "byte 0xe9, number 3"),
        (b"a,b\r1,2\r", "carriage return outside quotes"),
        ("a,b\n".encode("utf-16"), "byte 0xff, number 1"),
    ],
)
def test_a_header_that_names_nothing(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(LoadError, match=message):
        read(tmp_path, content)
