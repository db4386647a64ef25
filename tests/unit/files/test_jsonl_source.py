from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from stepladder.errors import LoadError
from stepladder.files import Batch, Source, open_source
from stepladder.sql import Column, Type


def source(tmp_path: Path, *lines: str | bytes) -> Source:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines))
    return open_source(path)


def read(tmp_path: Path, *lines: str | bytes) -> Batch:
    return next(iter(source(tmp_path, *lines).batches()), Batch(1, [], [], []))


def test_keys_in_the_order_in_which_they_come_up(tmp_path: Path) -> None:
    found = source(tmp_path, '{"b": 1, "a": "x"}', '{"c": true, "b": 2}')
    assert found.columns == (Column("b", Type("int8")), Column("a", Type("text")), Column("c", Type("bool")))
    (batch,) = found.batches()
    assert batch.rows == [(1, "x", None), (2, None, True)]
    assert batch.lines == [1, 2]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "2"], "int8"),
        (["1", "2.5"], "numeric"),
        (["9223372036854775807"], "int8"),
        (["9223372036854775808"], "numeric"),
        (["null", "true"], "bool"),
        (["true", "1"], "jsonb"),
        (['"a"', "1"], "jsonb"),
        (["[1]", "null"], "jsonb"),
        (['{"b": 1}'], "jsonb"),
        (['"a"'], "text"),
        (["null"], "text"),
    ],
)
def test_a_column_has_the_type_of_its_values(tmp_path: Path, values: list[str], expected: str) -> None:
    found = source(tmp_path, *(f'{{"a": {value}}}' for value in values))
    assert found.columns == (Column("a", Type(expected)),)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.10", Decimal("0.10")),
        ("1e3", Decimal("1E+3")),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ('"\\u00e9\\ud83d\\ude00"', "é😀"),
        ('{"x": [1, 0.1, null]}', {"x": [1, Decimal("0.1"), None]}),
        ("false", False),
    ],
)
def test_values_keep_their_digits_and_types(tmp_path: Path, text: str, value: Any) -> None:
    ((found,),) = read(tmp_path, f'{{"a": {text}}}').rows
    assert found == value
    assert type(found) is type(value)
    assert str(found) == str(value)


def test_a_later_key_is_a_reject_that_names_it(tmp_path: Path) -> None:
    lines = ['{"a": 1}'] * 1_000
    batch = read(tmp_path, *lines, '{"a": 2, "late": [1.50]}', '{"a": 3}')
    assert len(batch.rows) == 1_001
    (reject,) = batch.rejects
    assert (reject.row, reject.line, reject.column) == (1_001, 1_001, "late")
    assert reject.reason == "the key 'late' is in none of the first 1,000 lines"
    assert reject.raw == '{"a": 2, "late": [1.50]}'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "empty line"),
        ("  ", "empty line"),
        ("[1]", "a JSON array, not an object"),
        ('"a"', "a JSON string, not an object"),
        ("1.5", "a JSON number, not an object"),
        ("null", "null, not an object"),
        ('{"a": 1', "no JSON: Expecting ',' delimiter (character 8)"),
        ('{"a": NaN}', "no JSON: NaN is no number"),
        ('{"a": -Infinity}', "no JSON: -Infinity is no number"),
        ('{"a": 1, "a": 2}', "the key 'a' comes twice in an object"),
        ('{"a": 1e99999999999999999999}', "a number whose exponent is out of range"),
        ('{"a": "x\\u0000"}', "\\u0000 or half of a surrogate pair cannot stand in text"),
        ('{"a": [{"b": "\\ud83d"}]}', "\\u0000 or half of a surrogate pair cannot stand in text"),
        ('{"a": [{"\\udc00": 1}]}', "\\u0000 or half of a surrogate pair cannot stand in text"),
        (b'{"a": "\xff"}', "byte 0xff, number 8 of its line, is not UTF-8"),
        ('{"a":' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_a_line_that_is_no_row(tmp_path: Path, line: str | bytes, reason: str) -> None:
    batch = read(tmp_path, '{"a": 0}', line, '{"a": 1}')
    assert batch.rows == [(0,), (1,)]
    assert [(reject.line, reject.reason) for reject in batch.rejects] == [(2, reason)]


def test_a_number_of_too_many_digits_is_a_reject(tmp_path: Path) -> None:
    (reject,) = read(tmp_path, '{"a": 0}', '{"a": ' + "9" * 5_000 + "}").rejects
    assert "4300" in reject.reason


def test_one_empty_line_at_the_end_is_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, '{"a": 0}', "").rejects == []


def test_a_byte_order_mark_is_tolerated(tmp_path: Path) -> None:
    assert read(tmp_path, b'\xef\xbb\xbf{"a": 1}').rows == [(1,)]


def test_an_empty_file_has_no_columns(tmp_path: Path) -> None:
    found = source(tmp_path)
    assert found.columns == ()
    assert list(found.batches()) == []


def test_a_file_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"does not look like JSON Lines: line 1: no JSON"):
        source(tmp_path, "a,b", "1,2")


def test_one_json_document_is_not_json_lines(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"does not look like JSON Lines"):
        source(tmp_path, *json.dumps([{"a": 1}], indent=1).splitlines())
