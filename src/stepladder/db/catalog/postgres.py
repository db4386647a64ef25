"""What a PostgreSQL server says of a table: one statement, made into the value that SQLite gives too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stepladder.errors import UndefinedObject
from stepladder.sql import (
    Check,
    Column,
    Definition,
    ForeignKey,
    Index,
    IndexPart,
    Key,
    TableColumn,
    Type,
    parse_type,
    spelled,
)

# One row, or none where there is no such table. Names come as text: the type "name" has its own rules.
ASK = """
SELECT c.relkind::text AS kind,
       CASE WHEN pg_table_is_visible(c.oid) THEN NULL ELSE n.nspname::text END AS schema,
       c.relname::text AS name,
       CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END AS rows,
       obj_description(c.oid, 'pg_class') AS comment,
       (SELECT jsonb_agg(jsonb_build_object(
                   'name', a.attname::text,
                   'type', format_type(a.atttypid, a.atttypmod),
                   'not_null', a.attnotnull,
                   'identity', a.attidentity::text,
                   'generated', a.attgenerated::text,
                   'serial', EXISTS (SELECT 1 FROM pg_depend s JOIN pg_class q ON q.oid = s.objid AND q.relkind = 'S'
                                     WHERE s.classid = 'pg_class'::regclass AND s.deptype = 'a'
                                     AND s.refclassid = 'pg_class'::regclass AND s.refobjid = c.oid AND s.refobjsubid = a.attnum),
                   'default', pg_get_expr(d.adbin, d.adrelid),
                   'collation', (SELECT l.collname::text FROM pg_collation l
                                 WHERE l.oid = a.attcollation AND l.oid <> t.typcollation),
                   'comment', col_description(c.oid, a.attnum)) ORDER BY a.attnum)
          FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
          LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
       (SELECT jsonb_agg(jsonb_build_object(
                   'name', k.conname::text,
                   'kind', k.contype::text,
                   'columns', (SELECT jsonb_agg(a.attname::text ORDER BY p.place) FROM unnest(k.conkey) WITH ORDINALITY AS p(number, place)
                               JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.number),
                   'schema', CASE WHEN k.confrelid = 0 OR pg_table_is_visible(k.confrelid) THEN NULL
                             ELSE (SELECT rn.nspname::text FROM pg_class r JOIN pg_namespace rn ON rn.oid = r.relnamespace
                                   WHERE r.oid = k.confrelid) END,
                   'table', (SELECT r.relname::text FROM pg_class r WHERE r.oid = k.confrelid),
                   'referenced', (SELECT jsonb_agg(a.attname::text ORDER BY p.place)
                                  FROM unnest(k.confkey) WITH ORDINALITY AS p(number, place)
                                  JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = p.number),
                   'on_delete', k.confdeltype::text,
                   'on_update', k.confupdtype::text,
                   'odd', k.condeferrable OR NOT k.convalidated OR (k.connoinherit AND k.contype = 'c')
                          OR (k.contype = 'f' AND k.confmatchtype <> 's')
                          OR pg_get_constraintdef(k.oid)
                             ~ ' (NULLS NOT DISTINCT|NOT ENFORCED|INCLUDE|WITHOUT OVERLAPS|SET (NULL|DEFAULT) [(])',
                   'expression', pg_get_expr(k.conbin, k.conrelid),
                   'text', pg_get_constraintdef(k.oid)))
          FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'f', 'c', 'x')) AS constraints,
       (SELECT jsonb_agg(jsonb_build_object(
                   'name', ic.relname::text,
                   'unique', i.indisunique,
                   'parts', (SELECT jsonb_agg(jsonb_build_object(
                                        'column', (SELECT a.attname::text FROM pg_attribute a
                                                   WHERE a.attrelid = c.oid AND a.attnum = i.indkey[p - 1]),
                                        'sql', pg_get_indexdef(i.indexrelid, p, false),
                                        'option', i.indoption[p - 1]) ORDER BY p)
                               FROM generate_series(1, i.indnkeyatts::int) AS p),
                   'where', pg_get_expr(i.indpred, i.indrelid),
                   'odd', am.amname <> 'btree' OR i.indnatts <> i.indnkeyatts OR NOT i.indisvalid
                          OR pg_get_indexdef(i.indexrelid) LIKE '%NULLS NOT DISTINCT%'
                          OR EXISTS (SELECT 1 FROM unnest(i.indclass) AS o(oid) JOIN pg_opclass oc ON oc.oid = o.oid
                                     WHERE NOT oc.opcdefault)
                          OR EXISTS (SELECT 1 FROM unnest(i.indcollation::oid[], i.indkey::int2[]) AS x(collation_, number)
                                     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.number
                                     WHERE x.collation_ <> 0 AND x.collation_ <> a.attcollation),
                   'text', pg_get_indexdef(i.indexrelid)))
          FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_am am ON am.oid = ic.relam
         WHERE i.indrelid = c.oid
           AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))) AS indexes
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.oid = to_regclass(:name) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""
KINDS = {
    "r": "table",
    "p": "partitioned table",
    "v": "view",
    "m": "materialized view",
    "f": "foreign table",
}
_ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
_IDENTITIES = {"a": "always", "d": "by default"}
_DESCENDING, _NULLS_FIRST = 1, 2  # pg_index.indoption
Said = Mapping[str, Any]


def catalogue_type(text: str) -> Type:
    """A type as the server spells it; one that has no rules here (inet, an enum) is known by its name only."""
    try:
        return parse_type(text)
    except UndefinedObject:
        return Type(text)


def definition(said: Said) -> Definition:
    """The definition in a row of ASK."""
    plain = tuple(
        Column(each["name"], catalogue_type(each["type"]), each["not_null"]) for each in said["columns"] or ()
    )
    constraints: Sequence[Said] = said["constraints"] or ()
    keys = {kind: [_key(each) for each in constraints if each["kind"] == kind] for kind in "pu"}
    return Definition(
        columns=tuple(
            _column(column, plain, each) for column, each in zip(plain, said["columns"] or (), strict=True)
        ),
        primary_key=keys["p"][0] if keys["p"] else None,
        unique=tuple(keys["u"]),
        foreign_keys=tuple(_foreign_key(each) for each in constraints if each["kind"] == "f"),
        checks=tuple(
            Check(each["name"], _canonical(each["expression"], plain), _other(each))
            for each in constraints
            if each["kind"] == "c"
        ),
        indexes=tuple(_index(each, plain) for each in said["indexes"] or ()),
        others=tuple(f"{each['name']} {each['text']}" for each in constraints if each["kind"] == "x"),
        comment=said["comment"],
    )


def _column(column: Column, columns: Sequence[Column], said: Said) -> TableColumn:
    default, generated = said["default"], None
    if said["generated"]:
        from stepladder.sql import canonical_generated

        stored = canonical_generated(default, column, columns)
        generated, default = stored if said["generated"] == "s" else f"{stored} VIRTUAL", None
    if said["serial"] and default and default.startswith("nextval("):
        default = None
    elif default:
        from stepladder.sql import canonical_default

        default = canonical_default(default, column)
    identity = _IDENTITIES.get(said["identity"])
    return TableColumn(
        column.name,
        column.type,
        column.not_null,
        default=default,
        identity=identity or ("serial" if said["serial"] else None),
        generated=generated,
        collation=said["collation"],
        comment=said["comment"],
    )


def _canonical(expression: str, columns: Sequence[Column]) -> str:
    # What types it is loaded for tables that have one: most have none.
    from stepladder.sql import canonical

    return canonical(expression, columns)


def _other(said: Said) -> str | None:
    return said["text"] if said["odd"] else None


def _key(said: Said) -> Key:
    return Key(said["name"], tuple(said["columns"]), _other(said))


def _foreign_key(said: Said) -> ForeignKey:
    schema = f"{spelled(said['schema'])}." if said["schema"] else ""
    return ForeignKey(
        said["name"],
        tuple(said["columns"]),
        schema + spelled(said["table"]),
        tuple(said["referenced"]),
        on_delete=_ACTIONS[said["on_delete"]],
        on_update=_ACTIONS[said["on_update"]],
        other=_other(said),
    )


def _index(said: Said, columns: Sequence[Column]) -> Index:
    return Index(
        said["name"],
        tuple(
            IndexPart(
                spelled(part["column"]) if part["column"] else _canonical(part["sql"], columns),
                bool(part["option"] & _DESCENDING),
                bool(part["option"] & _NULLS_FIRST),
            )
            for part in said["parts"]
        ),
        unique=said["unique"],
        where=None if said["where"] is None else _canonical(said["where"], columns),
        other=_other(said),
    )
