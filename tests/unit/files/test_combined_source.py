from __future__ import annotations

import hashlib
import os
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stepladder.errors import LoadError
from stepladder.files import Batch, open_source

SHARED = Path(os.environ.get("STEPLADDER_SHARED", Path(__file__).resolve().parents[4] / "shared"))
GOOD = (
    '192.0.2.7 - - [17/May/2015:10:05:03 +0000] "GET /a/b.html HTTP/1.1" 200 203023 '
    '"http://example.org/" "Mozilla/5.0 (X11; Linux x86_64)"'
)


def read(tmp_path: Path, *lines: str | bytes) -> Batch:
    path = tmp_path / "access.log"
    path.write_bytes(b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines))
    return next(iter(open_source(path, format="combined").batches()))


def only_row(tmp_path: Path, line: str | bytes) -> tuple[object, ...]:
    batch = read(tmp_path, line)
    assert batch.rejects == []
    (row,) = batch.rows
    return row


def reason(tmp_path: Path, line: str | bytes) -> str:
    batch = read(tmp_path, GOOD, line, GOOD)
    assert len(batch.rows) == 2
    (reject,) = batch.rejects
    assert (reject.row, reject.line) == (2, 2)
    return reject.reason


def test_the_columns_are_those_of_page_views(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text(GOOD)
    assert [(column.name, column.type.name) for column in open_source(path, format="combined").columns] == [
        ("user_id", "text"),
        ("session_id", "text"),
        ("event_type", "text"),
        ("event_timestamp", "timestamptz"),
        ("page_url", "text"),
        ("device_type", "text"),
    ]


def test_one_line(tmp_path: Path) -> None:
    user = hashlib.sha256(b"192.0.2.7\nMozilla/5.0 (X11; Linux x86_64)").hexdigest()[:16]
    moment = datetime(2015, 5, 17, 10, 5, 3, tzinfo=UTC)
    assert only_row(tmp_path, GOOD) == (user, None, "page_view", moment, "/a/b.html", "desktop")


def test_the_offset_of_the_log_counts(tmp_path: Path) -> None:
    line = GOOD.replace("17/May/2015:10:05:03 +0000", "01/Jan/2016:00:30:00 +0530")
    assert only_row(tmp_path, line)[3] == datetime(2015, 12, 31, 19, 0, tzinfo=UTC)
    line = GOOD.replace("17/May/2015:10:05:03 +0000", "29/Feb/2016:23:30:00 -0330")
    moment = only_row(tmp_path, line)[3]
    assert moment == datetime(2016, 3, 1, 3, 0, tzinfo=UTC)
    assert isinstance(moment, datetime)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("target", "page"),
    [
        ("/", "/"),
        ("/a?b=c#d", "/a"),
        ("/a#b?c", "/a"),
        ("/caf%C3%A9%20x", "/caf%C3%A9%20x"),
        ("/caf\\xe9", "/caf\\xe9"),
        ("//double", "//double"),
        ("http://example.org/a?b", "/a"),
        ("https://example.org:8443", "/"),
        ("http://example.org?q=/x", "/"),
        ("/go?to=http://example.org/", "/go"),
        ("*", "*"),
        ("example.org:443", "example.org:443"),
        ('/say-\\"hi\\"', '/say-"hi"'),
        ("/a\\\\b", "/a\\b"),
    ],
)
def test_the_page_is_the_path(tmp_path: Path, target: str, page: str) -> None:
    assert only_row(tmp_path, GOOD.replace("/a/b.html", target))[4] == page


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS", "PROPFIND", "M-SEARCH", "get"])
def test_every_method_counts(tmp_path: Path, method: str) -> None:
    assert only_row(tmp_path, GOOD.replace("GET", method))[2] == "page_view"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "- - [",
            "- frank [",
        ),
        ("- - [", "- frank n. stein ["),
        ("203023", "-"),
        ("HTTP/1.1", "HTTP/1.0"),
        ("HTTP/1.1", "HTTP/2"),
        ("192.0.2.7", "2001:db8::1"),
        ("192.0.2.7", "host.example.org"),
        ('"http://example.org/"', '"-"'),
        ('"http://example.org/"', '"he said \\"hi\\" [x] \\\\"'),
    ],
)
def test_what_else_a_line_may_hold(tmp_path: Path, old: str, new: str) -> None:
    assert only_row(tmp_path, GOOD.replace(old, new))[4] == "/a/b.html"


def test_an_agent_with_quotes_is_the_unescaped_one(tmp_path: Path) -> None:
    row = only_row(tmp_path, GOOD.replace("Mozilla/5.0", '\\"Mozilla\\"'))
    assert row[0] == hashlib.sha256(b'192.0.2.7\n"Mozilla" (X11; Linux x86_64)').hexdigest()[:16]


@pytest.mark.parametrize("agent", ["", "-"])
def test_no_agent(tmp_path: Path, agent: str) -> None:
    assert only_row(tmp_path, GOOD.replace("Mozilla/5.0 (X11; Linux x86_64)", agent))[5] == "other"


def test_raw_bytes_are_shown_as_apache_would(tmp_path: Path) -> None:
    assert only_row(tmp_path, GOOD.encode().replace(b"/a/b.html", b"/caf\xe9\0"))[4] == "/caf\\xe9\\x00"
    assert only_row(tmp_path, GOOD.replace("/a/b.html", "/café"))[4] == "/café"


FIELDS = ["address", "identity", "user", "time", "request", "status", "size", "referrer", "agent"]


def test_a_line_may_stop_anywhere_and_is_told_where(tmp_path: Path) -> None:
    lines = [GOOD[:length] for length in range(1, len(GOOD))]
    found = {reject.raw: reject.reason for reject in read(tmp_path, GOOD, *lines).rejects}
    assert list(found) == lines
    places = []
    for told in found.values():
        assert told.startswith(("ends inside its ", "ends before its ", "its status is missing: "))
        places.append(FIELDS.index(told.split("its ")[1].split()[0]))
    assert places == sorted(places)
    assert set(places) == set(range(1, 9))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", "empty line"),
        (GOOD[:-1], "ends inside its agent"),
        (GOOD[:-1] + "\\", "ends inside its agent"),
        (GOOD[: GOOD.index(' "http')], "ends before its referrer"),
        (GOOD.replace("/May/", "/Mai/"), "its time does not exist: 17/Mai/2015:10:05:03 +0000"),
        (GOOD.replace("17/May", "31/Feb"), "its time does not exist: 31/Feb/2015:10:05:03 +0000"),
        (GOOD.replace("10:05:03", "25:05:03"), "its time does not exist: 17/May/2015:25:05:03 +0000"),
        (GOOD.replace("2015:", "0000:"), "its time does not exist: 17/May/0000:10:05:03 +0000"),
        (GOOD.replace("+0000", "+9900"), "its time does not exist: 17/May/2015:10:05:03 +9900"),
        (GOOD.replace(" 200 ", " ok "), 'its status is missing: ok 203023 "http://example.org/" "Mozilla…'),
        (GOOD + ' "extra"', 'more text after its agent:  "extra"'),
        ("hello", "ends before its identity"),
    ],
)
def test_a_line_that_is_no_row(tmp_path: Path, line: str, expected: str) -> None:
    assert reason(tmp_path, line).startswith(expected)


@pytest.mark.parametrize(
    "request_", ["-", "", "\\x16\\x03\\x01", "GET /", "GET  HTTP/1.1", "GET /a b HTTP/1.1", "GET / HTTP/x"]
)
def test_a_request_that_is_none(tmp_path: Path, request_: str) -> None:
    told = reason(tmp_path, GOOD.replace("GET /a/b.html HTTP/1.1", request_))
    assert told.startswith(f'its request is not "METHOD target HTTP/1.1", but "{request_}"')


def test_the_raw_line_is_kept_readable(tmp_path: Path) -> None:
    batch = read(tmp_path, GOOD, b"\x16\x03\x01\0caf\xe9\r")
    assert batch.rejects[0].raw == "\x16\x03\x01\\x00caf\\xe9"


def test_one_empty_line_at_the_end_is_nothing(tmp_path: Path) -> None:
    batch = read(tmp_path, GOOD, "", GOOD, "", "")
    assert [reject.line for reject in batch.rejects] == [2, 4]


def test_the_common_log_format_is_not_taken(tmp_path: Path) -> None:
    with pytest.raises(
        LoadError, match="does not look like a combined log: none of its first 2 lines is one"
    ) as caught:
        read(tmp_path, *[GOOD[: GOOD.index(' "http')]] * 2)
    assert "Line 1: ends before its referrer." in caught.value.message


def test_a_binary_file_is_not_taken(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="does not look like a combined log"):
        read(tmp_path, random.Random(7).randbytes(100_000))


def test_junk_with_one_good_line_is_rejects(tmp_path: Path) -> None:
    batch = read(tmp_path, *[b"\x00\xff"] * 500, GOOD)
    assert len(batch.rows) == 1
    assert len(batch.rejects) == 500


def test_an_empty_log_has_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.touch()
    assert list(open_source(path, format="combined").batches()) == []


@pytest.mark.shared
def test_a_real_log() -> None:
    path = SHARED / "data" / "weblog" / "access.log.gz"
    if not path.exists():
        pytest.skip(f"no {path}")
    batches = list(open_source(path, format="combined").batches(1_000))
    assert sum(len(batch.rows) for batch in batches) == 9_999
    (reject,) = [reject for batch in batches for reject in batch.rejects]
    assert (reject.row, reject.line, reject.reason) == (8_899, 8_899, "ends inside its agent")
    assert reject.raw.endswith("+http://www.google.com/bot.html")
    devices = [row[5] for batch in batches for row in batch.rows]
    assert {device: devices.count(device) > 50 for device in set(devices)} == dict.fromkeys(
        ("bot", "desktop", "mobile", "other", "tablet"), True
    )
