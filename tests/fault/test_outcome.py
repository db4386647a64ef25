"""What became of a statement whose connection was lost: "rolled back" is never said of what was kept."""

# ruff: noqa: PT012 - what raises is often the end of a transaction's block, not one statement in it

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

import stepladder as sl
from stepladder.db import Database, Transaction
from stepladder.errors import DatabaseError, Disconnected
from tests.fault.relay import Relay, relay_to

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(60)]


@pytest.fixture
def relay(postgres_url: str) -> Iterator[Relay]:
    with relay_to(postgres_url) as found:
        yield found


@pytest.fixture(params=["psycopg", "psycopg2"])
def far(request: pytest.FixtureRequest, relay: Relay) -> Iterator[Database]:
    """A database behind the relay, with a table `t`."""
    with sl.connect(relay.url(request.param)) as database:
        database.execute("CREATE TABLE t (a int)")
        yield database


def rows(db: Database) -> list[int]:
    return [row.a for row in db.query("SELECT a FROM t ORDER BY a")]


def insert(number: int) -> Callable[[Transaction], int]:
    def work(tx: Transaction) -> int:
        tx.execute("INSERT INTO t VALUES (:a)", a=number)
        return number

    return work


# -- what is said
@pytest.mark.parametrize("lose", [Relay.lose_request, Relay.lose_answer])
def test_a_lost_commit_is_unknown(far: Database, relay: Relay, lose: Callable[[Relay, str], None]) -> None:
    with (
        pytest.raises(Disconnected, match="unknown whether it took effect") as caught,
        far.transaction() as tx,
    ):
        tx.execute("INSERT INTO t VALUES (1)")
        lose(relay, "COMMIT")
    assert caught.value.outcome == "unknown"
    assert rows(far) == ([1] if lose is Relay.lose_answer else [])


@pytest.mark.parametrize("lose", [Relay.lose_request, Relay.lose_answer])
@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO t VALUES (1)", "WITH w AS (INSERT INTO t VALUES (1) RETURNING a) SELECT a FROM w"],
)
def test_a_lost_statement_of_its_own_is_unknown(
    far: Database, relay: Relay, lose: Callable[[Relay, str], None], statement: str
) -> None:
    lose(relay, "INSERT")
    with pytest.raises(Disconnected) as caught:
        far.execute(statement)
    assert caught.value.outcome == "unknown"
    assert rows(far) == ([1] if lose is Relay.lose_answer else [])


def test_a_lost_query_may_have_called_a_function_that_writes(far: Database, relay: Relay) -> None:
    far.execute(
        "CREATE FUNCTION put(a int) RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES ($1) RETURNING a'"
    )
    relay.lose_answer("put")
    with pytest.raises(Disconnected) as caught:
        far.query("SELECT put(1)")
    assert caught.value.outcome == "unknown"
    assert rows(far) == [1]


def test_where_nothing_may_be_written_nothing_was(far: Database, relay: Relay) -> None:
    relay.lose_answer("SELECT 1 +")
    with pytest.raises(Disconnected) as caught:
        far.options(read_only=True).query("SELECT 1 + 1")
    assert caught.value.outcome == "rolled back"
    with pytest.raises(Disconnected) as caught, far.transaction(read_only=True) as tx:
        tx.query("SELECT 1")
        relay.lose_answer("COMMIT")
    assert caught.value.outcome == "rolled back"


@pytest.mark.parametrize("lose", [Relay.lose_request, Relay.lose_answer])
def test_a_lost_statement_of_a_transaction_is_rolled_back(
    far: Database, relay: Relay, lose: Callable[[Relay, str], None]
) -> None:
    verbs: dict[str, Callable[[Transaction], object]] = {
        "INSERT INTO t VALUES (2": lambda tx: tx.execute("INSERT INTO t VALUES (2)"),
        "SELECT 2": lambda tx: tx.query("SELECT 2"),
        "COPY": lambda tx: tx.load([{"a": 2}], "t", mode="append"),
        "INSERT INTO t VALUES (3": lambda tx: tx.execute_many(
            "INSERT INTO t VALUES (:a)", [{"a": 2}, {"a": 3}]
        ),
        "INSERT INTO t VALUES (4": lambda tx: tx.script("INSERT INTO t VALUES (2); INSERT INTO t VALUES (4)"),
        "RELEASE": lambda tx: in_savepoint(tx),
        "SAVEPOINT": lambda tx: in_savepoint(tx),
    }
    for word, ask in verbs.items():
        with pytest.raises(Disconnected) as caught, far.transaction() as tx:
            tx.execute("INSERT INTO t VALUES (1)")
            lose(relay, word)
            ask(tx)
        assert caught.value.outcome == "rolled back", word
    assert rows(far) == []
    assert relay.dropped == len(verbs)


def in_savepoint(tx: Transaction) -> None:
    with tx.transaction() as inner:
        inner.execute("INSERT INTO t VALUES (2)")


@pytest.mark.parametrize("lose", [Relay.lose_request, Relay.lose_answer])
@pytest.mark.parametrize("word", ["COPY", "COMMIT"])
def test_a_lost_load_is_whole_or_not_there(
    far: Database, relay: Relay, lose: Callable[[Relay, str], None], word: str
) -> None:
    lose(relay, word)
    with pytest.raises(Disconnected) as caught:
        far.load([{"a": number} for number in range(1000)], "t", mode="append")
    assert caught.value.outcome == ("unknown" if word == "COMMIT" else "rolled back")
    assert len(rows(far)) == (1000 if (word, lose) == ("COMMIT", Relay.lose_answer) else 0)


def test_what_was_never_sent_is_rolled_back(far: Database) -> None:
    connection = far._pool.take()
    connection.close()
    for send in (
        lambda: connection.run("INSERT INTO t VALUES (1)", {}),
        connection.commit,
        lambda: connection.run("SELECT 1", {}),
    ):
        with pytest.raises(Disconnected, match="not sent") as caught:
            send()
        assert caught.value.outcome == "rolled back"
    far._pool.give_back(connection, broken=True)


def test_a_lost_beginning_is_begun_anew(far: Database, relay: Relay) -> None:
    """Nothing of the user's was sent yet."""
    relay.lose_answer("BEGIN")
    with far.transaction() as tx:
        tx.execute("INSERT INTO t VALUES (1)")
    relay.lose_request("statement_timeout")
    assert far.options(statement_timeout=60).query("SELECT a FROM t").scalar() == 1
    assert relay.dropped == 2


def test_the_servers_own_loss_of_another_server_is_no_lost_connection(far: Database) -> None:
    """A class 08 error of a foreign table's, or a function's, ends a statement and no session."""
    with pytest.raises(DatabaseError) as caught:
        far.execute("DO $$ BEGIN RAISE EXCEPTION 'no route' USING ERRCODE = '08006'; END $$")
    assert getattr(caught.value, "outcome", "rolled back") == "rolled back"
    assert "no route" in caught.value.message


# -- settled by a token
@pytest.mark.parametrize("lose", [Relay.lose_request, Relay.lose_answer])
def test_a_token_settles_a_lost_commit(
    far: Database, relay: Relay, lose: Callable[[Relay, str], None]
) -> None:
    far.run_transaction(insert(0), once="first")  # makes our tables
    lose(relay, "COMMIT")
    assert far.run_transaction(insert(1), once="one") == 1
    assert relay.dropped == 1
    assert rows(far) == [0, 1]
    assert far.run_transaction(insert(1), once="one") is None
    assert rows(far) == [0, 1]


def test_without_a_token_a_lost_commit_is_raised(far: Database, relay: Relay) -> None:
    relay.lose_answer("COMMIT")
    with pytest.raises(Disconnected) as caught:
        far.run_transaction(insert(1))
    assert caught.value.outcome == "unknown"
    assert rows(far) == [1]


def test_a_lost_commit_is_settled_after_the_last_attempt_too(far: Database, relay: Relay) -> None:
    far.run_transaction(insert(0), once="first")
    relay.lose_request("COMMIT")
    with pytest.raises(Disconnected, match="its token is not there") as caught:
        far.run_transaction(insert(1), once="one", attempts=1)
    assert caught.value.outcome == "rolled back"
    relay.lose_answer("COMMIT")
    assert far.run_transaction(insert(1), once="one", attempts=1) == 1
    assert rows(far) == [0, 1]


def test_a_token_waits_for_a_session_that_is_still_at_it(far: Database, postgres_url: str) -> None:
    """A lost client's session may go on for a while: what it will have done counts."""
    far.run_transaction(insert(0), once="first")
    with psycopg.connect(postgres_url) as slow:
        slow.execute("INSERT INTO stepladder.once (token, done_at) VALUES ('one', now())")
        slow.execute("INSERT INTO t VALUES (1)")
        settled = far.options(statement_timeout=0.2)
        with pytest.raises(DatabaseError, match="timeout"):
            settled.run_transaction(insert(1), once="one", attempts=1)
        slow.commit()
    assert far.run_transaction(insert(1), once="one") is None
    assert rows(far) == [0, 1]
