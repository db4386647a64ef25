"""PostgreSQL's SQL as text and types, and its translation to SQLite's.

Text: statements, parameters, names, literals. Types: spellings, storage in SQLite, encoders and decoders.
Translation: `translate`, `describe`, and the functions that a SQLite connection must have for it.
"""

from stepladder.sql.decoding import decoder
from stepladder.sql.encoding import encoder
from stepladder.sql.functions import AGGREGATES, COLLATIONS, SCALARS, Aggregate, Collation, Scalar
from stepladder.sql.literals import Bound, bind
from stepladder.sql.names import TableName, parse_name, quote
from stepladder.sql.numerals import numeric_text
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
from stepladder.sql.spans import Span
from stepladder.sql.storage import check, declared, is_native_numeric
from stepladder.sql.translate import Created, Dropped, Effect, Schema, Translation, describe, translate
from stepladder.sql.types import Column, Type, fits_integer, parse_type, type_of

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
    "Span",
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
    "fits_integer",
    "is_native_numeric",
    "is_query",
    "numbered",
    "numeric_text",
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
