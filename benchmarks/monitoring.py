"""What the timing of every statement costs: a point query with it, and without."""

from __future__ import annotations

import statistics
import timeit
from collections.abc import Mapping

import stepladder as sl
from stepladder.db.connection import Connection, Result

_RUNS, _QUERIES, _CALLS = 11, 2_000, 100_000


def _untimed(self: Connection, sql: str, values: Mapping[str, object]) -> Result:
    return self.run(sql, values)


def _point_query(timed: object) -> float:
    """Microseconds of one point query in memory."""
    Connection.timed = timed  # type: ignore[method-assign,assignment]
    return (
        timeit.timeit(lambda: _DB.query("SELECT v FROM t WHERE id = :id", id=1), number=_QUERIES)
        / _QUERIES
        * 1e6
    )


class _Nothing(Connection):
    """A connection whose statements take no time: what is left is the timing."""

    def run(self, sql: str, values: Mapping[str, object]) -> Result:  # noqa: ARG002
        return _EMPTY


_Nothing.__abstractmethods__ = frozenset()  # type: ignore[attr-defined]
_EMPTY = Result((), [], 0)
_DB = sl.connect("sqlite:///:memory:")


def main() -> None:
    """Print the table."""
    _DB.execute("CREATE TABLE t (id int PRIMARY KEY, v text)")
    _DB.execute("INSERT INTO t VALUES (1, 'x')")
    timed, with_, without = Connection.timed, [], []
    for _ in range(_RUNS):
        with_.append(_point_query(timed))
        without.append(_point_query(_untimed))
    Connection.timed = timed  # type: ignore[method-assign]
    nothing = _Nothing()
    hook = [
        (timeit.timeit(lambda: nothing.timed("SELECT 1", {}), number=_CALLS)
         - timeit.timeit(lambda: nothing.run("SELECT 1", {}), number=_CALLS)) / _CALLS * 1e6
        for _ in range(_RUNS)
    ]  # fmt: skip
    one, other = statistics.median(with_), statistics.median(without)
    print(f"point query in memory, timed      {one:8.2f} µs")
    print(f"point query in memory, not timed  {other:8.2f} µs   ratio {one / other:.3f}")
    print(f"the timing alone                  {statistics.median(hook):8.2f} µs   (least {min(hook):.2f})")


if __name__ == "__main__":
    main()
