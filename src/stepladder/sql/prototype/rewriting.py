"""A prototype's script, statement by statement: what PostgreSQL's grammar then does not take is left as it was."""

from __future__ import annotations

from dataclasses import dataclass

from stepladder.errors import NotPortable, SqlSyntaxError
from stepladder.sql.lint.finding import Finding, Text, found
from stepladder.sql.parse import check_syntax
from stepladder.sql.prototype.pieces import Piece, pieces
from stepladder.sql.prototype.psycopg2 import from_psycopg2
from stepladder.sql.prototype.remarks import Remarks
from stepladder.sql.prototype.sqlite import from_sqlite


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A text as PostgreSQL's, and what is to be said: "noted" for what means something else now and then, "refused" for
    what was left."""

    text: str
    findings: tuple[Finding, ...]


def rewritten(source: Text, dialect: str) -> Rewritten:
    """The text of a prototype ("sqlite" or "psycopg2") in PostgreSQL's SQL with :name parameters."""
    remarks = Remarks()
    try:
        if dialect == "psycopg2":
            text = _checked(source.text, from_psycopg2(source.text, remarks), 0, remarks)
        else:
            text = "".join(_of_sqlite(each, remarks) for each in _statements(pieces(source.text)))
    except SqlSyntaxError as error:
        return Rewritten(source.text, (found(source, error.position, "refused", error.message),))
    findings = [
        found(source, each.place, each.severity, each.what, each.why, each.instead) for each in remarks.all
    ]
    return Rewritten(text, tuple(sorted(dict.fromkeys(findings), key=lambda each: (each.line, each.column))))


def _statements(every: list[Piece]) -> list[list[Piece]]:
    """Runs of pieces, each with the `;` that ends it."""
    runs: list[list[Piece]] = [[]]
    for piece in every:
        runs[-1].append(piece)
        if piece.text == ";" and piece.kind == "operator":
            runs.append([])
    return runs


def _of_sqlite(statement: list[Piece], remarks: Remarks) -> str:
    before = "".join(piece.text for piece in statement)
    code = next((piece for piece in statement if piece.kind != "blank"), None)
    if code is None:
        return before
    return _checked(before, from_sqlite(statement, remarks), code.start, remarks)


def _checked(before: str, after: str, place: int, remarks: Remarks) -> str:
    try:
        check_syntax(after)
    except (SqlSyntaxError, NotPortable) as error:
        remarks.refuse(place, f"left as it was: rewritten, PostgreSQL would say {error.message}")
        return before
    return after
