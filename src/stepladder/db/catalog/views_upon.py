"""The views under which a column may not change its type, and what makes each of them again as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from stepladder.sql import Dependents, TableName

# https://www.postgresql.org/docs/current/catalog-pg-depend.html: a view's rule depends on the columns that it reads.
_ASK = """
WITH RECURSIVE upon(oid, level) AS (
    SELECT r.ev_class, 1
    FROM pg_depend d
    JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid AND r.ev_class <> d.refobjid
    JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass(:table) AND a.attname::text = ANY(:columns)
    UNION
    SELECT r.ev_class, upon.level + 1
    FROM upon
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = upon.oid
    JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid AND r.ev_class <> d.refobjid
), grants AS (
    SELECT c.oid, format('GRANT %s ON %s TO %s%s', g.privilege_type, c.oid::regclass,
                         CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
                         CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS text
    FROM pg_class c, aclexplode(c.relacl) g
    WHERE c.oid IN (SELECT oid FROM upon) AND g.grantee <> c.relowner
), comments AS (
    SELECT d.objoid AS oid, CASE WHEN a.attname IS NULL
               THEN format('COMMENT ON VIEW %s IS %L', d.objoid::regclass, d.description)
               ELSE format('COMMENT ON COLUMN %s.%I IS %L', d.objoid::regclass, a.attname, d.description) END AS text
    FROM pg_description d
    LEFT JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid AND d.objsubid > 0
    WHERE d.classoid = 'pg_class'::regclass AND d.objoid IN (SELECT oid FROM upon)
)
SELECT CASE WHEN pg_table_is_visible(c.oid) THEN NULL ELSE n.nspname::text END, c.relname::text,
       format('CREATE VIEW %s%s AS %s', c.oid::regclass,
              CASE WHEN c.reloptions IS NULL THEN '' ELSE format(' WITH (%s)', array_to_string(c.reloptions, ', ')) END,
              pg_get_viewdef(c.oid)),
       ARRAY(SELECT text FROM grants WHERE grants.oid = c.oid) || ARRAY(SELECT text FROM comments WHERE comments.oid = c.oid)
FROM (SELECT oid, max(level) AS level FROM upon GROUP BY oid) u
JOIN pg_class c ON c.oid = u.oid
JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY u.level DESC
"""


class SchemaViews(Protocol):
    """Whoever knows what depends on a table."""

    def dependents(self, table: TableName) -> Dependents: ...


@dataclass(frozen=True, slots=True)
class ViewUpon:
    """A view that reads the column, by itself or through another view. `texts` make it again, with its grants and
    comments; none on SQLite, which keeps no text of PostgreSQL's."""

    name: TableName
    texts: tuple[str, ...]


def of_file(schema: SchemaViews, table: TableName, columns: Sequence[str]) -> tuple[ViewUpon, ...]:
    """Those upon these columns of a SQLite file's table, each before the ones that it reads."""
    level = [view for view, read in schema.dependents(table).views if not read.isdisjoint(columns)]
    found: list[TableName] = []
    while level:
        found = [*(view for view in found if view not in level), *level]
        level = list(dict.fromkeys(above for view in level for above, _ in schema.dependents(view).views))
    return tuple(ViewUpon(view, ()) for view in reversed(found))


def of_server(
    ask: Callable[[str, Mapping[str, object]], Sequence[tuple[Any, ...]]],
    table: TableName,
    columns: Sequence[str],
) -> tuple[ViewUpon, ...]:
    """Those upon these columns, each before the ones that it reads. `ask` runs a statement, and gives its rows."""
    found = ask(_ASK, {"table": table.sql, "columns": list(columns)})
    return tuple(ViewUpon(TableName(schema, name), (made, *more)) for schema, name, made, more in found)
