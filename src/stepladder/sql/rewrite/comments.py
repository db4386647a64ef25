"""COMMENT ON: kept in the catalogue of types only."""

from __future__ import annotations

from stepladder.errors import UndefinedColumn
from stepladder.sql.effects import Commented
from stepladder.sql.infer.context import Analysis, refuse, wrong
from stepladder.sql.infer.raw import Raw, body_of, strings
from stepladder.sql.names import TableName
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.tables import NOTHING, Defined, fault, known


def comment(analysis: Analysis, body: Raw, _: Printer) -> Defined:
    """COMMENT ON TABLE, VIEW, COLUMN: kept in the catalogue of types only."""
    kind, names = body["objtype"], strings(body_of(body["object"]).get("items"))
    if kind in _UNSEEN:
        return _unseen(analysis, kind, names)
    if kind not in ("OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_COLUMN"):
        raise refuse(f"COMMENT ON {kind.removeprefix('OBJECT_')}", None)
    column = names.pop() if kind == "OBJECT_COLUMN" else None
    table = TableName(names[-2] if len(names) > 1 else None, names[-1])
    columns = known(analysis, table, {})
    if column is not None and all(each.name != column for each in columns):
        message = f'column "{column}" of relation "{table.name}" does not exist'
        raise wrong(UndefinedColumn, message, None)
    return NOTHING, (Commented(table, column, body.get("comment") or None),), False


_UNSEEN = {"OBJECT_INDEX": "index", "OBJECT_SEQUENCE": "sequence"}


def _unseen(analysis: Analysis, kind: str, names: list[str]) -> Defined:
    """A comment that nothing on SQLite shows; what it is about must be there."""
    name = TableName(names[-2] if len(names) > 1 else None, names[-1])
    found = analysis.schema.kind(name)
    if found is None and not analysis.schema.taken(name):
        raise fault("42P01", f'relation "{name.sql}" does not exist')
    if found not in (None, _UNSEEN[kind]):
        raise fault("42809", f'"{name.name}" is not {"an index" if kind == "OBJECT_INDEX" else "a sequence"}')
    return NOTHING, (), False
