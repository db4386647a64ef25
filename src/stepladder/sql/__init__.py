"""PostgreSQL's SQL as text and types, and its translation to SQLite's.

Text: statements, parameters, names, literals. Types: spellings, storage in SQLite, encoders and decoders.
Translation: `translate`, `describe`, and the functions that a SQLite connection must have for it.
"""

from stepladder.sql.decoding import decoder
from stepladder.sql.encoding import encoder
from stepladder.sql.functions import AGGREGATES, COLLATIONS, SCALARS, Aggregate, Collation, Scalar
from stepladder.sql.literals import Bound, bind
from stepladder.sql.names import TableName, parse_name, quote
from stepladder.sql.parameters import (
    Numbered,
    Statement,
    code_text,
    first_word,
    numbered,
    parameter_names,
    statements,
    top_level_parts,
)
from stepladder.sql.parse import check_syntax
from stepladder.sql.reading import Window, is_query, references, windows
from stepladder.sql.storage import check, declared
from stepladder.sql.translate import Created, Dropped, Effect, Schema, Translation, describe, translate
from stepladder.sql.types import Column, Type, parse_type, type_of

__all__ = [
    "AGGREGATES",
    "COLLATIONS",
    "SCALARS",
    "Aggregate",
    "Bound",
    "Collation",
    "Column",
    "Created",
    "Dropped",
    "Effect",
    "Numbered",
    "Scalar",
    "Schema",
    "Statement",
    "TableName",
    "Translation",
    "Type",
    "Window",
    "bind",
    "check",
    "check_syntax",
    "code_text",
    "declared",
    "decoder",
    "describe",
    "encoder",
    "first_word",
    "is_query",
    "numbered",
    "parameter_names",
    "parse_name",
    "parse_type",
    "quote",
    "references",
    "statements",
    "top_level_parts",
    "translate",
    "type_of",
    "windows",
]
