"""PostgreSQL's SQL as text and types, and its translation to SQLite's.

Text: statements, parameters, names, literals. Types: spellings, storage in SQLite, encoders and decoders.
Translation: `translate`, `describe`, and the functions that a SQLite connection must have for it.
"""

from stepladder.sql.accesses import Access, Accesses, accesses
from stepladder.sql.alterations import altered, repointed
from stepladder.sql.canonical import canonical, canonical_default, canonical_generated
from stepladder.sql.columns_read import columns_read
from stepladder.sql.conditions import Comparison, comparisons, index_columns
from stepladder.sql.constructs import Constructs, constructs
from stepladder.sql.decoding import decoder
from stepladder.sql.definition import (
    Check,
    Definition,
    Dependents,
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
    ColumnRenamed,
    Commented,
    Created,
    Dropped,
    Effect,
    IndexDropped,
    Indexed,
    OfSchema,
    OfSequence,
    OfTable,
    Renamed,
    SchemaDropped,
    SchemaMade,
    SequenceAltered,
    SequenceDropped,
    SequenceMade,
)
from stepladder.sql.encoding import Encode, encode_parameter, encoder, server_encoder
from stepladder.sql.functions import AGGREGATES, COLLATIONS, SCALARS, Aggregate, Collation, Scalar
from stepladder.sql.functions.lowered import TooManyDigits
from stepladder.sql.jsons import check_json, jsonb_text, parse_json, python_json
from stepladder.sql.lexer import Token, tokens
from stepladder.sql.lint import Finding, Setting, Text, failing, lint_script, lint_statement, zone_findings
from stepladder.sql.literals import Bound, Escape, bind, cast_name, input_text, literal
from stepladder.sql.masking import masked
from stepladder.sql.names import TableName, parse_name, quote, spelled
from stepladder.sql.numerals import numeric_text
from stepladder.sql.parameters import (
    Numbered,
    Statement,
    code_text,
    first_word,
    numbered,
    parameter_names,
    parameter_uses,
    statements,
    top_level_parts,
)
from stepladder.sql.parse import check_syntax, writes_rows
from stepladder.sql.prototype import (
    Rewritten,
    WrittenColumn,
    WrittenTable,
    constants,
    edited,
    in_their_case,
    named_things,
    read_create_table,
    rewritten,
)
from stepladder.sql.reading import (
    Answer,
    answer,
    has_plan,
    is_query,
    means_the_same_prepared,
    references,
)
from stepladder.sql.rewrite.comparisons import collation
from stepladder.sql.rewrite.parts import Earlier, Part, Redefined
from stepladder.sql.schemas import in_schemas
from stepladder.sql.sequences import NumberSequence, advanced, changed, set_to
from stepladder.sql.sorting import SortKey, sort_keys
from stepladder.sql.spans import Span, printed_interval
from stepladder.sql.storage import check, declared, is_native_numeric
from stepladder.sql.texts import first_unstorable
from stepladder.sql.translate import Schema, Translation, describe, translate
from stepladder.sql.types import Column, Type, fits_integer, parse_type, type_of, types_of
from stepladder.sql.windows import Window, Windows, windows

__all__ = [
    "AGGREGATES",
    "COLLATIONS",
    "SCALARS",
    "Access",
    "Accesses",
    "Aggregate",
    "Answer",
    "Bound",
    "Check",
    "Collation",
    "Column",
    "ColumnRenamed",
    "Commented",
    "Comparison",
    "Constructs",
    "Created",
    "Definition",
    "Dependents",
    "Dropped",
    "Earlier",
    "Effect",
    "Encode",
    "Escape",
    "Finding",
    "ForeignKey",
    "Index",
    "IndexDropped",
    "IndexPart",
    "Indexed",
    "Key",
    "NumberSequence",
    "Numbered",
    "OfSchema",
    "OfSequence",
    "OfTable",
    "Part",
    "Redefined",
    "Renamed",
    "Rewritten",
    "Scalar",
    "Schema",
    "SchemaDropped",
    "SchemaMade",
    "SequenceAltered",
    "SequenceDropped",
    "SequenceMade",
    "Setting",
    "SortKey",
    "Span",
    "Statement",
    "TableColumn",
    "TableName",
    "Text",
    "Token",
    "TooManyDigits",
    "Translation",
    "Type",
    "Window",
    "Windows",
    "WrittenColumn",
    "WrittenTable",
    "accesses",
    "advanced",
    "altered",
    "answer",
    "bind",
    "canonical",
    "canonical_default",
    "canonical_generated",
    "cast_name",
    "changed",
    "check",
    "check_json",
    "check_syntax",
    "code_text",
    "collation",
    "columns_read",
    "comparisons",
    "constants",
    "constructs",
    "declared",
    "decoder",
    "describe",
    "edited",
    "encode_parameter",
    "encoder",
    "failing",
    "first_unstorable",
    "first_word",
    "fits_integer",
    "has_plan",
    "in_schemas",
    "in_their_case",
    "index_columns",
    "input_text",
    "is_native_numeric",
    "is_query",
    "joined",
    "jsonb_text",
    "lint_script",
    "lint_statement",
    "literal",
    "masked",
    "means_the_same_prepared",
    "named_things",
    "numbered",
    "numeric_text",
    "object_name",
    "parameter_names",
    "parameter_uses",
    "parse_json",
    "parse_name",
    "parse_type",
    "printed_interval",
    "python_json",
    "quote",
    "read_create_table",
    "references",
    "repointed",
    "rewritten",
    "server_encoder",
    "set_to",
    "shown_name",
    "sort_keys",
    "spelled",
    "statements",
    "tokens",
    "top_level_parts",
    "translate",
    "type_of",
    "types_of",
    "windows",
    "writes_rows",
    "zone_findings",
]
