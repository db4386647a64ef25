"""jsonb and json: one body, every engine. The documents are chosen to show where SQLite's own functions differ."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import stepladder as sl
from stepladder.errors import DatabaseError

DOCUMENTS = [
    r"""{"a": 1, "b": null, "c": [1, 2, {"x": 1.50}], "s": "é\"\\", "t": true, "f": false, "n": 1.10,
    "o": {"k": {"z": [1, 2]}}, "q\"q": 1}""",
    '[1, "a", null, [2]]',
    '"str"',
    "5",
    "null",
    "{}",
    "[]",
]


@pytest.fixture
def docs(db: sl.Database) -> sl.Database:
    db.execute("CREATE TABLE docs (id int PRIMARY KEY, j jsonb)")
    db.execute_many(
        "INSERT INTO docs VALUES (:id, :j)", [{"id": id_, "j": j} for id_, j in enumerate(DOCUMENTS)]
    )
    return db


def column(db: sl.Database, expression: str, **values: Any) -> list[Any]:
    return [row[0] for row in db.query(f"SELECT {expression} FROM docs ORDER BY id", **values)]


@pytest.mark.parametrize(
    ("expression", "first"),
    [
        ("j ->> 't'", "true"),
        ("j ->> 'n'", "1.10"),
        ("j ->> 's'", 'é"\\'),
        ("j ->> 'o'", '{"k": {"z": [1, 2]}}'),
        ("j ->> 'b'", None),
        ("(j -> 'b')::text", "null"),
        ("j -> 'q\"q'", 1),
        ("j['c'][2]['x']", 1.5),
        ("j #>> '{c,-1}'", '{"x": 1.50}'),
        ("(j -> 'n')::numeric", Decimal("1.10")),
        ("jsonb_typeof(j -> 'c')", "array"),
        ("to_jsonb(j ->> 'o')::text", '"{\\"k\\": {\\"z\\": [1, 2]}}"'),
    ],
)
def test_members_are_read_as_the_server_reads_them(docs: sl.Database, expression: str, first: Any) -> None:
    assert column(docs, expression)[0] == first


def test_a_scalar_is_an_array_of_one_to_an_index(docs: sl.Database) -> None:
    assert column(docs, "j -> 0") == [None, 1, "str", 5, None, None, None]


def test_order_puts_an_empty_array_first_and_objects_last(docs: sl.Database) -> None:
    rows = docs.query("SELECT j::text FROM docs ORDER BY docs.j")
    assert [row[0] for row in rows][:4] == ["[]", "null", '"str"', "5"]
    assert rows[-1][0].startswith('{"a"')


def test_questions(docs: sl.Database) -> None:
    assert column(docs, "j ? 'a'") == [True, True, False, False, False, False, False]
    assert column(docs, "j @> :part", part={"a": 1}) == [True, *[False] * 6]
    assert column(docs, "j @> '1'") == [False, True, False, False, False, False, False]
    assert column(docs, "j = '5.0'") == [False, False, False, True, False, False, False]


def test_changes(db: sl.Database) -> None:
    row = db.query(
        """SELECT ((jsonb_set('{"a": [1, 2]}', '{a,-1}', '9') || '{"bb": 1, "x": 1}') - 'x')::text,
                  jsonb_insert('[1, 2]', '{0}', '"n"', true)::text, '{"a": {"b": 1}}'::jsonb #- '{a,b}',
                  jsonb_build_object('k', ARRAY[1.50, NULL], 'at', '2024-01-01 10:00+02'::timestamptz)::text,
                  jsonb_strip_nulls('{"a": null, "b": [null]}'), '{"b": 1, "a": 2, "b": [ 3 ]}'::json ->> 'b'"""
    ).one()
    assert tuple(row) == (
        '{"a": [1, 9], "bb": 1}',
        '[1, "n", 2]',
        {"a": {}},
        '{"k": [1.50, null], "at": "2024-01-01T08:00:00+00:00"}',
        {"b": [None]},
        "[ 3 ]",
    )


def test_a_group_shows_its_spelling(db: sl.Database) -> None:
    db.execute("CREATE TABLE prices (j jsonb)")
    db.execute("""INSERT INTO prices VALUES ('{"p": 1.50}'), ('{"p": 1.50}'), ('{"p": 2}')""")
    rows = db.query("SELECT (j -> 'p')::text, count(*) FROM prices GROUP BY j -> 'p' ORDER BY 2")
    assert [tuple(row) for row in rows] == [("2", 1), ("1.50", 2)]


@pytest.mark.parametrize(
    ("expression", "sqlstate"),
    [
        ("jsonb_array_length('{}')", "22023"),
        ("'\"5\"'::jsonb::int", "22023"),
        ("jsonb_build_object(NULL, 1)", "22023"),
        ("jsonb_set('[1]', '{x}', '1')", "22P02"),
        ("'{\"a\": }'::jsonb", "22P02"),
        ("'[\"\\u0000\"]'::json -> 0", "22P05"),
        ("'{}'::json = '{}'::json", "42883"),
    ],
)
def test_errors(db: sl.Database, expression: str, sqlstate: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        db.query(f"SELECT {expression}")
    assert caught.value.sqlstate == sqlstate


def test_random_uuids_differ(db: sl.Database) -> None:
    found = db.query("SELECT gen_random_uuid() AS u, gen_random_uuid() AS v").one()
    assert found.u != found.v
    assert (found.u.version, found.u.variant) == (4, "specified in RFC 4122")


def test_aggregates(db: sl.Database) -> None:
    db.execute("CREATE TABLE people (id int, name text, born date, pay numeric(6,2))")
    db.execute(
        """INSERT INTO people VALUES (1, 'Ann', '1990-01-02', 10.50), (2, NULL, NULL, 3.00), (3, 'Bob', NULL, NULL)"""
    )
    row = db.query(
        """SELECT jsonb_agg(name ORDER BY id DESC)::text, jsonb_agg(pay ORDER BY pay, id)::text,
                  jsonb_object_agg(id, born)::text, json_object_agg(id, pay ORDER BY id DESC)::text,
                  jsonb_agg(jsonb_build_object('id', id, 'n', name) ORDER BY id) FILTER (WHERE id < 2), jsonb_agg(DISTINCT born)
           FROM people"""
    ).one()
    assert tuple(row) == (
        '["Bob", null, "Ann"]',
        "[3.00, 10.50, null]",
        '{"1": "1990-01-02", "2": null, "3": null}',
        '{ "3" : null, "2" : 3.00, "1" : 10.50 }',
        [{"id": 1, "n": "Ann"}],
        ["1990-01-02", None],
    )


def test_paths(db: sl.Database) -> None:
    document = {"items": [{"n": "pen", "q": 2}, {"n": "cup", "q": 10}, {"n": None, "q": "7"}], "b": [1, [2]]}
    row = db.query(
        """SELECT jsonb_path_query_array(:d, '$.items[*] ? (@.q > $least).n', '{"least": 1}'), :d @? '$.items ? (@.q == "7")',
                  :d @@ '$.items[*].q > 9', :d @@ '$.b', jsonb_path_query_first(:d, '$.b[last]'),
                  jsonb_path_query_array(:d, '$.items[0 to 1].n ? (@ starts with "p" || @ == null)')""",
        d=document,
    ).one()
    assert tuple(row) == (["pen", "cup"], True, True, None, [2], ["pen"])


def test_rows_of_documents(docs: sl.Database) -> None:
    found = docs.query(
        """SELECT d.id, e.key, e.value::text FROM docs d, jsonb_each(d.j) AS e
           WHERE jsonb_typeof(d.j) = 'object' AND e.key < 'f' ORDER BY 1, 2"""
    )
    assert [tuple(row) for row in found] == [(0, "a", "1"), (0, "b", "null"), (0, "c", '[1, 2, {"x": 1.50}]')]
    found = docs.query(
        """SELECT x, n FROM docs, jsonb_array_elements_text(j) WITH ORDINALITY AS t(x, n) WHERE id = 1 ORDER BY n"""
    )
    assert [tuple(row) for row in found] == [("1", 1), ("a", 2), (None, 3), ("[2]", 4)]


def test_records_of_documents(db: sl.Database) -> None:
    found = db.query(
        """SELECT * FROM jsonb_to_recordset('[{"a": 1, "b": {"x": 2.50}, "n": 1.555}, {"d": "2024-01-02", "b": null}]')
                         AS t(a int, b text, n numeric(5,2), d date)"""
    )
    assert [str(row["n"]) for row in found] == ["1.56", "None"]
    assert [row["b"] for row in found] == ['{"x": 2.50}', None]
    assert [str(row["d"]) for row in found] == ["None", "2024-01-02"]
    with pytest.raises(DatabaseError) as caught:
        db.query("""SELECT * FROM jsonb_to_recordset('[{"a": 1.5}]') AS t(a int)""")
    assert caught.value.sqlstate == "22P02"
