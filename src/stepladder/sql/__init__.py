"""PostgreSQL's SQL as text and types, and its translation to SQLite's.

Text: statements, parameters, names, literals. Types: spellings, storage in SQLite, encoders and decoders.
Translation: `translate`, `describe`, and the functions that a SQLite connection must have for it.
"""

from stepladder.sql.alterations import altered, repointed
from stepladder.sql.canonical import canonical, canonical_default, canonical_generated
from stepladder.sql.decoding import decoder
from stepladder.sql.definition import (
    Check,
    Definition,
    ForeignKey,
    Index,
    IndexPart,
    Key,
    TableColumn,
    joined,
    object_name,
    shown_name,
)
from stepladder.sql.effects import (
    ColumnAdded,
    ColumnDropped,
    ColumnRenamed,
    Commented,
    Created,
    Dropped,
    Effect,
    IndexDropped,
    Indexed,
    Renamed,
)
from stepladder.sql.encoding import encoder
from stepladder.sql.functions import AGGREGATES, COLLATIONS, SCALARS, Aggregate, Collation, Scalar
from stepladder.sql.lexer import Token, tokens
from stepladder.sql.literals import Bound, bind
from stepladder.sql.names import TableName, parse_name, quote, spelled
from stepladder.sql.parameters import (
    Numbered,
    Statement,
    code_text,
    numbered,
    parameter_names,
    statements,
    top_level_parts,
)
from stepladder.sql.parse import check_syntax
from stepladder.sql.reading import Window, is_query, references, windows
from stepladder.sql.storage import check, declared
from stepladder.sql.translate import Schema, Translation, describe, translate
from stepladder.sql.types import Column, Type, parse_type, type_of

__all__ = [
    "AGGREGATES",
    "COLLATIONS",
    "SCALARS",
    "Aggregate",
    "Bound",
    "Check",
    "Collation",
    "Column",
    "ColumnAdded",
    "ColumnDropped",
    "ColumnRenamed",
    "Commented",
    "Created",
    "Definition",
    "Dropped",
    "Effect",
    "ForeignKey",
    "Index",
    "IndexDropped",
    "IndexPart",
    "Indexed",
    "Key",
    "Numbered",
    "Renamed",
    "Scalar",
    "Schema",
    "Statement",
    "TableColumn",
    "TableName",
    "Token",
    "Translation",
    "Type",
    "Window",
    "altered",
    "bind",
    "canonical",
    "canonical_default",
    "canonical_generated",
    "check",
    "check_syntax",
    "code_text",
    "declared",
    "decoder",
    "describe",
    "encoder",
    "is_query",
    "joined",
    "numbered",
    "object_name",
    "parameter_names",
    "parse_name",
    "parse_type",
    "quote",
    "references",
    "repointed",
    "shown_name",
    "spelled",
    "statements",
    "tokens",
    "top_level_parts",
    "translate",
    "type_of",
    "windows",
]
