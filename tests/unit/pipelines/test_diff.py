"""The text of a model, as the ledger keeps it, in lines that can be compared."""

from __future__ import annotations

from stepladder.pipelines.diff import _lines
from stepladder.sql import code_text


def test_a_clause_and_a_column_is_a_line() -> None:
    sql = """
        WITH a AS (SELECT x, count(*) OVER (PARTITION BY y, z ORDER BY at) AS n FROM t WHERE x > 1)
        SELECT round(x, 2)::numeric(10, 2) AS x, 'a, b' AS y FROM a LEFT JOIN b USING (x, y) WHERE x IN (1, 2) GROUP BY 1, 2
    """
    assert list(_lines(f"{code_text(sql)}\ntime=at every=day key=x,y")) == [
        "with a as(",
        "select x,",
        "count(*) over(partition by y,z order by at) as n",
        "from t",
        "where x > 1)",
        "select round(x,2)::numeric(10,2) as x,",
        "'a, b' as y",
        "from a",
        "left join b using(x,y)",
        "where x in(1,2)",
        "group by 1,",
        "2",
        "time=at every=day key=x,y",
    ]


def test_python_keeps_its_lines() -> None:
    assert list(_lines("def f ( a , b ) :\n    return a , b\n\ntime=x")) == [
        "def f ( a , b ) :",
        "    return a , b",
        "time=x",
    ]
