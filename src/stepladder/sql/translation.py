"""PostgreSQL's statements as SQLite's: parsed, typed, rewritten, printed. What has no rule is refused by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stepladder.errors import ParameterError
from stepladder.sql.changed import changed, refuse_late_reading, refuse_reading
from stepladder.sql.effects import Effect
from stepladder.sql.infer.context import Analysis, Schema, Scope, refuse
from stepladder.sql.infer.merge import merge
from stepladder.sql.infer.queries import query
from stepladder.sql.infer.raw import Raw, body_of, kind_of
from stepladder.sql.infer.returning import as_merge, needs_join
from stepladder.sql.infer.scales import width
from stepladder.sql.infer.tree import Cte, CteSource, Merge, Query, Write, WriteQuery, walk
from stepladder.sql.infer.writes import delete, insert, update
from stepladder.sql.parameters import Numbered
from stepladder.sql.parse import deep, parse_one, placed
from stepladder.sql.rewrite import definitions
from stepladder.sql.rewrite.definitions import shown
from stepladder.sql.rewrite.merge import merge_parts
from stepladder.sql.rewrite.parts import Earlier, Parameters, Part
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.queries import kept_rows, print_query
from stepladder.sql.rewrite.sequences import refuse_numbers_in_order
from stepladder.sql.rewrite.writes import print_write
from stepladder.sql.types import Column, Type

__all__ = ["Schema", "Translation", "describe", "translate"]


@dataclass(frozen=True, slots=True)
class Translation:
    """A statement for SQLite.

    `sql` has numbered placeholders; `parameters` are what they stand for, in order: the user's name, and the type
    that the value is to be encoded to. `columns` is the result, empty for a statement without rows. `effects` are
    the changes of tables that the type catalogue must follow. `counts` is a query for the number of rows written,
    where that is not what the last part has written. `by_itself` is what the statement is called that PostgreSQL does not
    run in a transaction block.
    """

    sql: str
    parameters: Parameters
    columns: tuple[Column, ...]
    effects: tuple[Effect, ...]
    writes: bool
    lowered: bool = False  # whether numerics are computed as integers, which may not hold them
    before: tuple[Part, ...] = ()  # what must run first, in one transaction with it
    counts: str | None = None
    by_itself: str | None = None


_WRITES = {"InsertStmt": insert, "UpdateStmt": update, "DeleteStmt": delete}


def translate(
    sql: str, schema: Schema, parameters: Mapping[str, Type], *, lowers: bool = True
) -> Translation:
    """One of PostgreSQL's statements for SQLite.

    `parameters` are the types of the values at hand (`type_of`). `lowers` lets numerics be computed as integers: a
    statement that then raises TooManyDigits, or overflows, is to be translated without. Raises ProgrammingError's classes with the place
    in `sql`, in PostgreSQL's words; NotPortable for what has no rule; ParameterError.
    """
    with deep():
        text, tree = parse_one(sql)
        with placed(text):
            return _translated(
                tree, analysis_of(text, schema, parameters), Printer(print_query, lowers=lowers)
            )


def _translated(tree: object, analysis: Analysis, printer: Printer) -> Translation:
    assert isinstance(tree, dict)
    kind, body = kind_of(tree), body_of(tree)
    if kind == "SelectStmt" and "intoClause" not in body:
        found = query(analysis, tree, Scope())
        _refuse_open_char(found.columns)
        refuse_numbers_in_order(found)
        printer.result = found
        before = _written_before(analysis.schema, found.with_, found)
        text = print_query(printer, found)
        columns = shown(found.columns)
        return Translation(
            text, tuple(printer.parameters), columns, (), writes=False, lowered=printer.lowered, before=before
        )
    if kind in _WRITES:
        write = _WRITES[kind](analysis, body, Scope())
        if needs_join(write):
            return _merged(analysis.schema, as_merge(analysis, write))
        columns = _returned(write)
        refuse_late_reading(analysis.schema, write)
        refuse_numbers_in_order(write)
        before = _written_before(analysis.schema, write.with_, write)
        text = print_write(printer, write)
        return Translation(text, tuple(printer.parameters), columns, (), writes=True, before=before)
    if kind == "MergeStmt":
        return _merged(analysis.schema, merge(analysis, body, Scope()))
    rule = definitions.select_into if kind == "SelectStmt" else definitions.rule_for(kind)
    text, effects, added = rule(analysis, body, printer)
    return Translation(
        text,
        tuple(printer.parameters),
        (),
        effects,
        writes=added,
        before=tuple(printer.before),
        by_itself=printer.by_itself,
    )


def _merged(schema: Schema, write: Merge) -> Translation:
    refuse_late_reading(schema, write)
    parts = merge_parts(write)
    return Translation(
        parts.last.sql,
        parts.last.parameters,
        _returned(write),
        (),
        writes=True,
        before=(*_written_before(schema, write.with_, write), *parts.before),
        counts=parts.counts,
    )


def _written_before(schema: Schema, ctes: Sequence[Cte], statement: Query | Write) -> tuple[Earlier, ...]:
    """The writes in WITH, in order. Each part of the statement sees the tables as they were before it."""
    found = []
    for place, cte in enumerate(ctes):
        if not isinstance(cte.query, WriteQuery):
            continue
        write = cte.query.write
        refuse_late_reading(schema, replace(write, with_=(*ctes[:place], *write.with_)))
        tables = changed(schema, write)
        rest = [*ctes[place + 1 :], replace(statement, with_=())]
        for part in rest:
            refuse_reading(part, tables, write, "another part of the statement than the write in WITH")
        for earlier in ctes[:place]:
            elsewhere = [*(other for other in ctes[:place] if other is not earlier), *rest]
            if any(
                isinstance(node, CteSource) and node.cte == earlier.id
                for part in elsewhere
                for node in walk(part)
            ):
                refuse_reading(
                    earlier, tables, write, "a query that is read before and after the write in WITH"
                )
        printer = Printer(print_query)
        text = print_write(printer, replace(write, with_=(*ctes[:place], *write.with_)))
        width = len(write.returning)
        into = kept_rows(cte) if width else None
        found.append(Earlier(text, tuple(printer.parameters), into, width))
    return tuple(found)


def _write_query(analysis: Analysis, tree: Raw, scope: Scope) -> Query:
    kind = kind_of(tree)
    if kind not in _WRITES:
        raise refuse(
            f"{kind.removesuffix('Stmt').upper()} in WITH",
            None,
            instead="write two statements in a transaction",
        )
    write = _WRITES[kind](analysis, body_of(tree), scope)
    return WriteQuery(columns=_returned(write), write=write)


def _returned(write: Write) -> tuple[Column, ...]:
    columns = tuple(Column(target.name, target.value.type) for target in write.returning)
    _refuse_open_char(columns)
    return shown(columns)


def _refuse_open_char(columns: tuple[Column, ...]) -> None:
    for column in columns:
        if column.type.name == "bpchar" and width(column.type) is None:
            raise refuse(
                f"the column {column.name} of type character without a length",
                None,
                instead="cast it to text",
            )


def analysis_of(text: Numbered, schema: Schema, parameters: Mapping[str, Type]) -> Analysis:
    """What the tree of `text` is typed with. Raises ParameterError for a value that is missing or not used."""
    missing = [name for name in text.names if name not in parameters]
    unused = sorted(parameters.keys() - set(text.names))
    at_hand = f"At hand: {', '.join(sorted(parameters)) or 'none'}."
    if missing:
        raise ParameterError(
            f"no value for {', '.join(f':{name}' for name in missing)}. {at_hand} Nothing was run."
        )
    if unused:
        uses = ", ".join(f":{name}" for name in text.names) or "no parameters"
        raise ParameterError(
            f"not used by the statement: {', '.join(unused)}. It uses {uses}. Nothing was run."
        )
    return Analysis(schema, parameters, text.names, query, _write_query, text.text)


def describe(sql: str, schema: Schema, parameters: Mapping[str, Type]) -> tuple[Column, ...]:
    """The columns that a query returns, or a statement with RETURNING; empty for one without rows.

    Raises what `translate` raises, but for rules that only printing needs.
    """
    with deep():
        text, tree = parse_one(sql)
        with placed(text):
            analysis = analysis_of(text, schema, parameters)
            kind = kind_of(tree)
            if kind == "SelectStmt":
                found: Query = query(analysis, tree, Scope())
                return shown(found.columns)
            rule = merge if kind == "MergeStmt" else _WRITES.get(kind)
            return _returned(rule(analysis, body_of(tree), Scope())) if rule else ()
