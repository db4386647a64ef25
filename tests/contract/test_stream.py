"""stream: a query's rows, some at a time, on every engine; nothing stays behind, however the block ends."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import stepladder as sl
from stepladder.db import Connection, Cursor, Database, Session
from stepladder.errors import (
    AmbiguousColumn,
    DivisionByZero,
    NumericOutOfRange,
    ParameterError,
    TransactionDead,
    UndefinedColumn,
    UsageError,
    UseTransaction,
)

MANY = "SELECT n FROM generate_series(1, :last) AS g(n) ORDER BY n"


@pytest.fixture
def numbers(db: Database) -> Database:
    db.execute("CREATE TABLE numbers (n int, note text, amount numeric(10,2))")
    db.load([(n, f"number {n}", Decimal(n) / 4) for n in range(25)], "numbers", mode="append")
    return db


def open_cursors(session: Session, engine: str) -> int:
    """What a server says that is open, asked on the connection that the stream had."""
    return 0 if engine == "sqlite3" else int(session.query("SELECT count(*) FROM pg_cursors").scalar())


# -- reading
def test_rows_are_those_of_query(numbers: Database) -> None:
    sql = "SELECT * FROM numbers WHERE n >= :low ORDER BY n"
    expected = numbers.query(sql, low=3)
    with numbers.stream(sql, {"low": 3}, batch_rows=4) as stream:
        assert stream.columns == expected.columns
        rows = list(stream)
    assert rows == expected.all()
    assert rows[0].note == "number 3"
    assert rows[0]["amount"] == Decimal("0.75")
    with numbers.stream(sql, low=3) as stream:
        assert [len(batch) for batch in stream.batches()] == [22]


@pytest.mark.parametrize("batch_rows", [1, 5, 24, 25, 26])
def test_batches_have_the_size_that_was_asked_for(numbers: Database, batch_rows: int) -> None:
    with numbers.stream("SELECT n FROM numbers ORDER BY n", batch_rows=batch_rows) as stream:
        batches = list(stream.batches())
    assert [n for batch in batches for (n,) in batch] == list(range(25))
    assert all(len(batch) == batch_rows for batch in batches[:-1])


def test_no_rows_are_no_rows(numbers: Database) -> None:
    sql = "SELECT n, note FROM numbers WHERE n < 0"
    with numbers.stream(sql) as stream:
        assert [column.name for column in stream.columns] == ["n", "note"]
        assert list(stream) == []
    with numbers.stream(sql) as stream:
        table = stream.arrow().read_all()
    assert table.schema == pa.schema([("n", pa.int32()), ("note", pa.string())])
    assert table.num_rows == 0


def test_arrow_comes_batch_by_batch(numbers: Database) -> None:
    with numbers.stream("SELECT * FROM numbers ORDER BY n", batch_rows=10) as stream:
        reader = stream.arrow()
        assert isinstance(reader, pa.RecordBatchReader)
        assert reader.schema.field("amount").type == pa.decimal128(10, 2)
        batches = list(reader)
    assert [batch.num_rows for batch in batches] == [10, 10, 5]
    assert batches[2]["amount"].to_pylist()[-1] == Decimal("6.00")


def test_every_batch_has_the_type_that_the_reader_said(numbers: Database) -> None:
    """A numeric without a precision: the first batch alone would fit fewer digits."""
    sql = "SELECT CASE WHEN n < 24 THEN n::numeric ELSE 0.0000000001 END AS x FROM numbers ORDER BY n"
    with numbers.stream(sql, batch_rows=10) as stream:
        table = stream.arrow().read_all()
    assert table.schema.field("x").type == pa.decimal256(76, 38)
    assert table["x"].to_pylist()[-2:] == [Decimal(23), Decimal("0.0000000001")]
    with pytest.raises(NumericOutOfRange, match="x::numeric"), numbers.stream("SELECT 1e60 AS x") as stream:
        stream.arrow().read_all()


class _Counted(Cursor):
    """A connection's own cursor, and how many rows were asked of it."""

    def __init__(self, cursor: Cursor, ahead: int) -> None:
        self._cursor = cursor
        self.columns = cursor.columns
        self.asked = ahead
        self.closed = False
        self.batches: list[weakref.ref[Any]] = []

    def fetch(self, rows: int) -> list[tuple[Any, ...]]:
        self.asked = self.asked + rows if self.batches else self.asked
        batch = _Batch(self._cursor.fetch(rows))
        self.batches.append(weakref.ref(batch))
        return batch

    def fetch_arrow(self, rows: int) -> list[Any]:
        return self._cursor.fetch_arrow(rows)

    def close(self) -> None:
        self.closed = True
        self._cursor.close()


class _Batch(list[tuple[Any, ...]]):
    """A list that can be watched."""


@pytest.fixture
def cursors(db: Database, monkeypatch: pytest.MonkeyPatch) -> list[_Counted]:
    """Every cursor that is opened from here on."""
    found: list[_Counted] = []
    with db._connection() as connection:
        kind = type(connection)
    opened = kind.cursor

    def counted(self: Connection, sql: str, values: Any, *, ahead: int) -> Cursor:
        found.append(_Counted(opened(self, sql, values, ahead=ahead), ahead))
        return found[-1]

    monkeypatch.setattr(kind, "cursor", counted)
    return found


def test_rows_are_pulled_as_they_are_read(db: Database, cursors: list[_Counted]) -> None:
    """Of 300,000 rows one batch is in memory at a time, and what is not read is not asked for."""
    with db.stream(MANY, last=300_000) as stream:
        rows = iter(stream)
        assert next(rows) == (1,)
        (cursor,) = cursors
        assert cursor.asked == 10_000
        most = 0
        for row in rows:
            if row[0] % 10_000 == 5_000:
                most = max(most, sum(batch() is not None for batch in cursor.batches))
        assert row == (300_000,)
    assert cursor.asked == 310_000
    assert most <= 2
    assert cursor.closed


def test_a_block_that_is_left_early_asks_for_no_more(db: Database, cursors: list[_Counted]) -> None:
    with db.stream(MANY, last=300_000) as stream:
        for row in stream:
            if row[0] == 10:
                break
    assert cursors[0].asked == 10_000
    assert cursors[0].closed


# -- however it ends
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, DivisionByZero])
def test_an_error_in_the_block_leaves_nothing_behind(
    url: str, engine: str, numbers: Database, error: type[BaseException]
) -> None:
    with sl.connect(url, pool_size=1, pool_timeout=1) as db:
        for _ in range(3):
            with pytest.raises(error):
                fail_in_a_stream(db, error)
            assert open_cursors(db, engine) == 0
            assert db.execute("INSERT INTO numbers VALUES (99, NULL, NULL)") == 1
        assert db.query("SELECT count(*) FROM numbers").scalar() == 28


def test_an_error_that_is_caught_in_a_transaction_leaves_it_whole(engine: str, numbers: Database) -> None:
    with numbers.transaction() as tx:
        with pytest.raises(ValueError, match="stop"):
            fail_in_a_stream(tx, ValueError)
        assert open_cursors(tx, engine) == 0
        assert tx.execute("DELETE FROM numbers WHERE n < 5") == 5
    assert numbers.query("SELECT count(*) FROM numbers").scalar() == 20


def fail_in_a_stream(session: Session, error: type[BaseException]) -> None:
    with session.stream("SELECT n FROM numbers", batch_rows=2) as stream:
        next(iter(stream))
        raise error("stop")


def test_a_query_that_fails_midway_raises_and_gives_the_connection_back(url: str, numbers: Database) -> None:
    sql = "SELECT 10 / (20 - n) AS x FROM numbers ORDER BY n"
    with sl.connect(url, pool_size=1, pool_timeout=1) as db:
        with pytest.raises(DivisionByZero), db.stream(sql, batch_rows=5) as stream:
            list(stream)
        assert db.query("SELECT 1").scalar() == 1


def test_a_query_that_fails_ends_its_transaction(numbers: Database) -> None:
    sql = "SELECT 10 / (20 - n) AS x FROM numbers ORDER BY n"

    def work(tx: Session) -> None:
        tx.execute("DELETE FROM numbers WHERE n = 0")
        with suppress(DivisionByZero), tx.stream(sql, batch_rows=5) as stream:
            list(stream)

    with pytest.raises(TransactionDead):
        numbers.run_transaction(work)
    assert numbers.query("SELECT count(*) FROM numbers").scalar() == 25


# -- what is refused
def test_a_stream_is_read_once(numbers: Database) -> None:
    with numbers.stream("SELECT n FROM numbers") as stream:
        next(iter(stream))
        for again in (lambda: iter(stream), stream.batches, stream.arrow):
            with pytest.raises(UsageError, match="read once"):
                again()


def test_a_stream_is_read_inside_its_block(numbers: Database) -> None:
    with numbers.stream("SELECT n FROM numbers", batch_rows=2) as stream:
        rows = iter(stream)
        next(rows)
    with pytest.raises(UsageError, match="over"):
        list(rows)
    with numbers.stream("SELECT n FROM numbers") as stream:
        pass
    with pytest.raises(UsageError, match="over"):
        list(stream)


def test_a_stream_of_a_transaction_ends_with_it(numbers: Database) -> None:
    with numbers.transaction() as tx:
        opened = tx.stream("SELECT n FROM numbers", batch_rows=2)
        stream = opened.__enter__()
        rows = iter(stream)
        next(rows)
    with numbers.transaction() as other:
        with pytest.raises(UsageError, match="over"):
            list(rows)
        assert other.query("SELECT 1").scalar() == 1
    with pytest.raises(UsageError, match="over"):
        opened.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("INSERT INTO numbers VALUES (99, NULL, NULL)", "returns no rows.*execute"),
        ("INSERT INTO numbers VALUES (99, NULL, NULL) RETURNING n", "only a query is streamed.*query"),
        ("CREATE TABLE t (a int)", "returns no rows.*execute"),
        ("COMMIT", "COMMIT is not sent"),
    ],
)
def test_only_queries_are_streamed(numbers: Database, sql: str, said: str) -> None:
    with pytest.raises(UsageError, match=said), numbers.stream(sql):
        pass
    with numbers.transaction() as tx, pytest.raises(UsageError, match=said), tx.stream(sql):
        pass
    assert numbers.query("SELECT count(*) FROM numbers").scalar() == 25


def test_errors_are_those_of_query(numbers: Database) -> None:
    sql = "  SELECT :a::text AS a, nothing FROM numbers"
    with pytest.raises(UndefinedColumn) as caught, numbers.stream(sql, a="longer than its name"):
        pass
    assert caught.value.position == sql.index("nothing")
    assert "CURSOR" not in caught.value.message
    with pytest.raises(ParameterError), numbers.stream("SELECT :a::int AS a"):
        pass
    for size in (0, -1, 2.5, True):
        with pytest.raises(UsageError, match="batch_rows"), numbers.stream("SELECT 1", batch_rows=size):  # type: ignore[arg-type]
            pass
    with pytest.raises(AmbiguousColumn), numbers.stream("SELECT 1 AS a, 2 AS a") as stream:
        stream.arrow()


# -- connections
def test_other_statements_go_on_beside_a_stream(numbers: Database) -> None:
    with numbers.stream("SELECT n FROM numbers ORDER BY n", batch_rows=2) as stream:
        for row in stream:
            numbers.execute("INSERT INTO numbers VALUES (:n, 'copied', NULL)", n=row.n + 100)
    assert numbers.query("SELECT count(*) FROM numbers").scalar() == 50


def test_two_streams_are_read_side_by_side(numbers: Database) -> None:
    sql = "SELECT n FROM numbers ORDER BY n"
    with numbers.stream(sql, batch_rows=2) as one, numbers.stream(sql, batch_rows=3) as two:
        assert all(left == right for left, right in zip(one, two, strict=True))


def test_a_thread_that_would_wait_for_itself_is_told_at_once(url: str, numbers: Database) -> None:
    with sl.connect(url, pool_size=1) as db:
        with db.stream("SELECT n FROM numbers") as stream:
            for ask in (lambda: db.query("SELECT 1"), lambda: db.transaction().__enter__()):
                with pytest.raises(UsageError, match="wait for itself"):
                    ask()
            assert len(list(stream)) == 25
        assert db.query("SELECT 1").scalar() == 1


def test_in_memory_there_is_one_connection() -> None:
    with sl.connect("sqlite:///:memory:") as db:
        with db.stream("SELECT 1 AS a"), pytest.raises(UsageError, match="wait for itself"):
            db.query("SELECT 1")
        with db.transaction() as tx, tx.stream("SELECT 1 AS a") as stream:
            assert tx.query("SELECT 2 AS b").scalar() == 2
            assert list(stream) == [(1,)]


def test_a_stream_of_the_database_is_refused_inside_a_transaction(numbers: Database) -> None:
    with numbers.transaction(), pytest.raises(UseTransaction), numbers.stream("SELECT 1"):
        pass


def test_a_stream_of_the_database_only_reads(numbers: Database) -> None:
    with numbers.stream("SELECT n FROM numbers", batch_rows=2) as stream:
        numbers.execute("DELETE FROM numbers")
        assert len(list(stream)) == 25


# -- in a transaction
def test_a_transactions_stream_sees_its_own_rows_and_nothing_later(numbers: Database) -> None:
    """A server's cursor sees what was there when it was opened; SQLite alone would see what is written meanwhile."""
    with numbers.transaction() as tx:
        tx.execute("DELETE FROM numbers WHERE n >= 10")
        # Without ORDER BY: SQLite would have to read all rows before the first one to sort them.
        with tx.stream("SELECT n FROM numbers", batch_rows=3) as stream:
            seen: list[int] = []
            for row in stream:
                assert len(seen) < 10
                seen.append(row.n)
                tx.execute("INSERT INTO numbers VALUES (:n, NULL, NULL)", n=row.n + 100)
                tx.execute("DELETE FROM numbers WHERE n = 9")
        assert sorted(seen) == list(range(10))
        assert tx.query("SELECT count(*) FROM numbers").scalar() == 19
        with tx.transaction() as inner, inner.stream("SELECT n FROM numbers", batch_rows=2) as stream:
            assert len(list(stream)) == 19
    assert numbers.query("SELECT count(*) FROM numbers").scalar() == 19
    assert [name for name in numbers.tables() if "stream" in name] == []


def test_a_transaction_that_only_reads_streams(numbers: Database) -> None:
    with (
        numbers.transaction(read_only=True) as tx,
        tx.stream("SELECT n FROM numbers", batch_rows=2) as stream,
    ):
        assert len(list(stream)) == 25


# -- loading it
@pytest.fixture
def other(tmp_path: Path) -> Iterator[Database]:
    with sl.connect(f"sqlite:////{str(tmp_path / 'other.db').lstrip('/')}") as database:
        yield database


def test_a_stream_is_loaded_elsewhere(numbers: Database, other: Database) -> None:
    sql = "SELECT * FROM numbers ORDER BY n"
    with numbers.stream(sql, batch_rows=4) as stream:
        assert other.load(stream, "numbers", mode="append", create=True).inserted == 25
    assert other.query(sql).tuples() == numbers.query(sql).tuples()
    assert [str(column.type) for column in other.table("numbers").columns] == [
        "integer",
        "text",
        "numeric(10,2)",
    ]


def test_a_stream_is_loaded_in_its_own_transaction(numbers: Database) -> None:
    with numbers.transaction() as tx:
        tx.execute("CREATE TABLE twice (n int)")
        with tx.stream("SELECT n * 2 AS n FROM numbers", batch_rows=4) as stream:
            assert tx.load(stream, "twice", mode="append").inserted == 25
        with tx.stream("SELECT n + 1000 AS n FROM twice", batch_rows=4) as stream:
            assert tx.load(stream, "twice", mode="append").inserted == 25
    assert numbers.query("SELECT count(*) FROM twice").scalar() == 50
