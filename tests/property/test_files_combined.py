"""Lines written as Apache writes them give back what went in."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from stepladder.files import open_source
from stepladder.files.agents import device_type

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905
PRINTABLE = st.characters(min_codepoint=32, max_codepoint=126)
ADDRESSES = st.ip_addresses().map(str)
PATHS = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="?#"), max_size=20).map(
    "/".__add__
)
QUERIES = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
AGENTS = st.text(PRINTABLE, max_size=40)
MOMENTS = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
).map(lambda moment: moment.replace(microsecond=0))
VISITS = st.tuples(ADDRESSES, MOMENTS, PATHS, QUERIES | st.none(), AGENTS, AGENTS)


def escaped(text: str) -> str:
    """As httpd's log escaping does it: https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats"""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def line(address: str, moment: datetime, path: str, query: str | None, referrer: str, agent: str) -> str:
    target = path if query is None else f"{path}?{query}"
    clock = f"{moment:%d}/{MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S %z}"
    request = f"GET {escaped(target)} HTTP/1.1"
    return f'{address} - - [{clock}] "{request}" 200 - "{escaped(referrer)}" "{escaped(agent)}"\n'


@given(visits=st.lists(VISITS, min_size=1, max_size=5))
def test_fields_come_back(tmp_path_factory, visits) -> None:
    path = tmp_path_factory.mktemp("log") / "access.log"
    path.write_text("".join(line(*visit) for visit in visits))
    batches = list(open_source(path, format="combined").batches(2))
    assert [reject for batch in batches for reject in batch.rejects] == []
    rows = [row for batch in batches for row in batch.rows]
    assert rows == [
        (
            hashlib.sha256(f"{address}\n{agent}".encode()).hexdigest()[:16],
            None,
            "page_view",
            moment.astimezone(UTC),
            page,
            device_type(escaped(agent)),
        )
        for address, moment, page, _, _, agent in visits
    ]
    assert all(row[3].tzinfo is UTC for row in rows)


@given(
    visit=VISITS, junk=st.lists(st.binary(max_size=60).map(lambda data: data.replace(b"\n", b"")), max_size=5)
)
def test_every_line_is_a_row_or_a_reject(tmp_path_factory, visit, junk) -> None:
    path = tmp_path_factory.mktemp("log") / "access.log"
    path.write_bytes(b"".join(line + b"\n" for line in junk) + line(*visit).encode())
    batches = list(open_source(path, format="combined").batches(2))
    found = [number for batch in batches for number in batch.lines]
    found += [reject.line for batch in batches for reject in batch.rejects]
    assert sorted(found) == list(range(1, len(junk) + 2))
    for batch in batches:
        for reject in batch.rejects:
            assert reject.reason
            assert "\0" not in reject.raw
            reject.raw.encode()


@given(visit=VISITS, cut=st.integers(0, 400))
def test_a_line_that_is_cut_off_is_never_a_row(tmp_path_factory, visit, cut) -> None:
    whole = line(*visit).rstrip("\n")
    path = tmp_path_factory.mktemp("log") / "access.log"
    path.write_text(line(*visit) + whole[: min(cut, len(whole) - 1)] + "\n" + whole)
    (batch,) = open_source(path, format="combined").batches()
    assert [reject.line for reject in batch.rejects] == [2]
    assert batch.rejects[0].reason.startswith(
        ("ends ", "empty line", "its status", "its size", "its request")
    )
