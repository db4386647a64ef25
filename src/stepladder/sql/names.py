"""Names of tables and columns: quoted, taken apart, and spelled for each engine."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stepladder.errors import NotPortable, UsageError
from stepladder.sql.texts import NAME_PART, NAME_START, first_unstorable

_NAME_BYTES = 63  # PostgreSQL cuts longer names without an error: two tables would become one
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
# The columns that every table of PostgreSQL's has besides its own.
SYSTEM_COLUMNS = frozenset(["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"])
# PostgreSQL's reserved words, those that may be type or function names included (manual, appendix C).
RESERVED = frozenset(
    [
        "all",
        "analyse",
        "analyze",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "asymmetric",
        "authorization",
        "binary",
        "both",
        "case",
        "cast",
        "check",
        "collate",
        "collation",
        "column",
        "concurrently",
        "constraint",
        "create",
        "cross",
        "current_catalog",
        "current_date",
        "current_role",
        "current_schema",
        "current_time",
        "current_timestamp",
        "current_user",
        "default",
        "deferrable",
        "desc",
        "distinct",
        "do",
        "else",
        "end",
        "except",
        "false",
        "fetch",
        "for",
        "foreign",
        "freeze",
        "from",
        "full",
        "grant",
        "group",
        "having",
        "ilike",
        "in",
        "initially",
        "inner",
        "intersect",
        "into",
        "is",
        "isnull",
        "join",
        "lateral",
        "leading",
        "left",
        "like",
        "limit",
        "localtime",
        "localtimestamp",
        "natural",
        "not",
        "notnull",
        "null",
        "offset",
        "on",
        "only",
        "or",
        "order",
        "outer",
        "overlaps",
        "placing",
        "primary",
        "references",
        "returning",
        "right",
        "select",
        "session_user",
        "similar",
        "some",
        "symmetric",
        "system_user",
        "table",
        "tablesample",
        "then",
        "to",
        "trailing",
        "true",
        "union",
        "unique",
        "user",
        "using",
        "variadic",
        "verbose",
        "when",
        "where",
        "window",
        "with",
        "between",
        "bigint",
        "bit",
        "boolean",
        "char",
        "character",
        "coalesce",
        "dec",
        "decimal",
        "exists",
        "extract",
        "float",
        "greatest",
        "grouping",
        "inout",
        "int",
        "integer",
        "interval",
        "json",
        "json_array",
        "json_arrayagg",
        "json_exists",
        "json_object",
        "json_objectagg",
        "json_query",
        "json_scalar",
        "json_serialize",
        "json_table",
        "json_value",
        "least",
        "merge_action",
        "national",
        "nchar",
        "none",
        "normalize",
        "nullif",
        "numeric",
        "out",
        "overlay",
        "position",
        "precision",
        "real",
        "row",
        "setof",
        "smallint",
        "substring",
        "time",
        "timestamp",
        "treat",
        "trim",
        "values",
        "varchar",
        "xmlattributes",
        "xmlconcat",
        "xmlelement",
        "xmlexists",
        "xmlforest",
        "xmlnamespaces",
        "xmlparse",
        "xmlpi",
        "xmlroot",
        "xmlserialize",
        "xmltable",
    ]
)
_PART = re.compile(rf'\s*(?:"((?:[^"]|"")+)"|({NAME_START}{NAME_PART}*))\s*', re.ASCII)


def quote(identifier: str) -> str:
    """`identifier` in double quotes, for either engine.

    Raises UsageError for an empty name, one with a NUL, and one of more than 63 bytes.
    """
    if not identifier:
        raise UsageError("a name must not be empty.")
    bad = first_unstorable(identifier)
    if bad is not None:
        raise UsageError(f"the name {identifier!r} holds {identifier[bad]!r}, which no database takes.")
    if len(identifier.encode()) > _NAME_BYTES:
        raise UsageError(
            f"the name {identifier!r} has more than {_NAME_BYTES} bytes: PostgreSQL would cut it. Give a shorter one."
        )
    return '"' + identifier.replace('"', '""') + '"'


def spelled(identifier: str) -> str:
    """`identifier` as PostgreSQL's SQL spells it: in quotes only where they are needed."""
    quoted = quote(identifier)
    return identifier if _PLAIN.fullmatch(identifier) and identifier not in RESERVED else quoted


@dataclass(frozen=True, slots=True)
class TableName:
    """The name of a table, with its schema where one was given."""

    schema: str | None
    name: str

    @property
    def sql(self) -> str:
        """PostgreSQL's spelling, in quotes where they are needed."""
        own = spelled(self.name)
        return own if self.schema is None else f"{spelled(self.schema)}.{own}"

    @property
    def stored_name(self) -> str:
        """The table's name inside a SQLite file, which has no schemas: `name` or `schema.name`.

        Raises NotPortable for a name with a point in it that would be read as another's schema.
        """
        schema = None if self.schema in ("public", "pg_temp") else self.schema
        stored = self.name if schema is None else f"{schema}.{self.name}"
        if TableName.from_stored(stored) != TableName(schema, self.name):
            raise NotPortable(
                f"the table name {self.sql}", why="in a SQLite file `.` parts a schema from a table's name"
            )
        return stored

    @classmethod
    def from_stored(cls, name: str) -> TableName:
        """The inverse of `stored_name`."""
        schema, dot, rest = name.partition(".")
        return cls(schema, rest) if dot and schema and rest else cls(None, name)

    @property
    def sqlite(self) -> str:
        """The quoted name for a statement on SQLite."""
        quote(self.name)
        inside = '"' + self.stored_name.replace('"', '""') + '"'
        return f"temp.{inside}" if self.schema == "pg_temp" else inside

    def __str__(self) -> str:
        return self.sql


def parse_name(text: str) -> TableName:
    """The table that `text` names: `employees`, `app.employees`, `"Odd".x`. Unquoted words are lower-cased.

    Raises UsageError.
    """
    if not isinstance(text, str):
        raise UsageError(f"a table is named by text, not by a {type(text).__name__}.")
    parts, at = [], 0
    while match := _PART.match(text, at):
        quoted, plain = match[1], match[2]
        parts.append(quoted.replace('""', '"') if quoted is not None else plain.lower())
        at = match.end()
        if at == len(text) or text[at] != ".":
            break
        at += 1
    if at != len(text) or not parts or len(parts) > 2 or text.rstrip().endswith("."):
        raise UsageError(
            f"{text!r} is no table name. Write name or schema.name, in double quotes where needed."
        )
    for part in parts:
        quote(part)
    return TableName(parts[0] if len(parts) == 2 else None, parts[-1])
