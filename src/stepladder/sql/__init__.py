"""PostgreSQL's SQL as text and types, and its translation to SQLite's.

Text: statements, parameters, names, literals. Types: spellings, storage in SQLite, encoders and decoders.
Translation: `translate`, `describe`, and the functions that a SQLite connection must have for it; what belongs to it is
loaded when it is first used, for who speaks to PostgreSQL alone needs none of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
from stepladder.sql.jsons import check_json, jsonb_text, parse_json, python_json
from stepladder.sql.lexer import Token, tokens
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
from stepladder.sql.place import place_lines
from stepladder.sql.planned_schema import PlannedSchema
from stepladder.sql.reading import (
    Answer,
    answer,
    has_plan,
    is_query,
    means_the_same_prepared,
    references,
)
from stepladder.sql.relation_names import relation_name
from stepladder.sql.schemas import in_schemas
from stepladder.sql.sequences import NumberSequence, advanced, altered_sequence, set_to
from stepladder.sql.sorting import SortKey, sort_keys
from stepladder.sql.spans import Span, printed_interval
from stepladder.sql.storage import check, declared, is_native_numeric
from stepladder.sql.texts import first_unstorable
from stepladder.sql.types import Column, Type, fits_integer, parse_type, type_of, types_of
from stepladder.sql.windows import Window, Windows, windows

if TYPE_CHECKING:
    from stepladder.sql.access import Access, Accesses, accesses
    from stepladder.sql.alterations import altered, repointed
    from stepladder.sql.canonical_text import canonical, canonical_default, canonical_generated
    from stepladder.sql.column_reads import columns_read
    from stepladder.sql.functions import AGGREGATES, COLLATIONS, SCALARS, Aggregate, Collation, Scalar
    from stepladder.sql.functions.lowered import TooManyDigits
    from stepladder.sql.lint import (
        Finding,
        Setting,
        Text,
        failing,
        lint_script,
        lint_statement,
        zone_findings,
    )
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
    from stepladder.sql.rewrite.comparisons import collation
    from stepladder.sql.rewrite.parts import Earlier, Part, Redefined
    from stepladder.sql.translation import Schema, Translation, describe, translate

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
    "PlannedSchema",
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
    "altered_sequence",
    "answer",
    "bind",
    "canonical",
    "canonical_default",
    "canonical_generated",
    "cast_name",
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
    "place_lines",
    "printed_interval",
    "python_json",
    "quote",
    "read_create_table",
    "references",
    "relation_name",
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

_LATER = {
    "Access": "stepladder.sql.access",
    "Accesses": "stepladder.sql.access",
    "accesses": "stepladder.sql.access",
    "altered": "stepladder.sql.alterations",
    "repointed": "stepladder.sql.alterations",
    "canonical": "stepladder.sql.canonical_text",
    "canonical_default": "stepladder.sql.canonical_text",
    "canonical_generated": "stepladder.sql.canonical_text",
    "columns_read": "stepladder.sql.column_reads",
    "AGGREGATES": "stepladder.sql.functions",
    "Aggregate": "stepladder.sql.functions",
    "COLLATIONS": "stepladder.sql.functions",
    "Collation": "stepladder.sql.functions",
    "SCALARS": "stepladder.sql.functions",
    "Scalar": "stepladder.sql.functions",
    "TooManyDigits": "stepladder.sql.functions.lowered",
    "Finding": "stepladder.sql.lint",
    "Setting": "stepladder.sql.lint",
    "Text": "stepladder.sql.lint",
    "failing": "stepladder.sql.lint",
    "lint_script": "stepladder.sql.lint",
    "lint_statement": "stepladder.sql.lint",
    "zone_findings": "stepladder.sql.lint",
    "Rewritten": "stepladder.sql.prototype",
    "WrittenColumn": "stepladder.sql.prototype",
    "WrittenTable": "stepladder.sql.prototype",
    "constants": "stepladder.sql.prototype",
    "edited": "stepladder.sql.prototype",
    "in_their_case": "stepladder.sql.prototype",
    "named_things": "stepladder.sql.prototype",
    "read_create_table": "stepladder.sql.prototype",
    "rewritten": "stepladder.sql.prototype",
    "collation": "stepladder.sql.rewrite.comparisons",
    "Earlier": "stepladder.sql.rewrite.parts",
    "Part": "stepladder.sql.rewrite.parts",
    "Redefined": "stepladder.sql.rewrite.parts",
    "Schema": "stepladder.sql.translation",
    "Translation": "stepladder.sql.translation",
    "describe": "stepladder.sql.translation",
    "translate": "stepladder.sql.translation",
}


def __getattr__(name: str) -> Any:
    # A module here must not be called what something in it is called: once loaded it would stand in its place.
    if name not in _LATER:
        raise AttributeError(f"module 'stepladder.sql' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_LATER[name]), name)
    return found
