"""A declaration beside the tables that it names: do they exist, and of what types are their columns?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stepladder.config import nearest
from stepladder.db import Rows, Session
from stepladder.errors import ConfigError, DataError, ProgrammingError, UndefinedTable
from stepladder.experiments.declaration import Assignments, Declaration, Measure, Metric, Source
from stepladder.sql import Column, Type, check_syntax, parse_name, quote

_TIMES = ("timestamptz", "timestamp", "date")
_INTEGERS = ("int2", "int4", "int8")
_EXACT_DIGITS = 15  # of a numeric that both engines hold as a number
_FAMILIES = {
    **dict.fromkeys((*_INTEGERS, "numeric"), "a number"),
    **dict.fromkeys(("text", "varchar", "bpchar"), "text"),
    "uuid": "a uuid",
}


@dataclass(frozen=True, slots=True)
class Value:
    """A measure's value as the statement adds it up: `sql` gives whole multiples of 10^-scale where it is exact (then
    sums are the same on every engine, to the last digit), else a double."""

    sql: str
    exact: bool
    scale: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """A source, and what is read of it: its user, its time (both as SQL), its values by the measure's text."""

    source: Source
    user: str
    user_type: Type
    time: str | None
    condition: str
    values: tuple[tuple[str, Value], ...]
    filtered: bool
    matches: bool  # whether its users can be those of the assignments

    def value(self, measure: Measure) -> Value:
        """What is added up for a measure; its rows where it names no value."""
        return dict(self.values)[measure.value] if measure.value is not None else Value("1", exact=True)


@dataclass(frozen=True, slots=True)
class Layout:
    """All that the statement needs to know of the tables."""

    declaration: Declaration
    user: str
    user_type: Type
    time: str | None
    variant: str
    condition: str
    dimensions: tuple[str, ...]
    readings: tuple[Reading, ...]

    def reading(self, measure: Measure) -> tuple[int, Reading]:
        """A measure's source by its number in the statement (from 1), and how it is read."""
        place = self.declaration.sources.index(measure.source)
        return place + 1, self.readings[place]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Those that can be read: whose users can be those of the assignments."""
        return tuple(metric for metric in self.declaration.metrics if self.readable(metric))

    def only(self, metric: Metric) -> Layout:
        """One metric of all users: no other table is read, nothing else is counted."""
        declaration = replace(self.declaration, metrics=(metric,), dimensions=())
        readings = tuple(self.readings[self.declaration.sources.index(each)] for each in declaration.sources)
        return replace(self, declaration=declaration, dimensions=(), readings=readings)

    def readable(self, metric: Metric) -> bool:
        """Whether the users of the metric's tables can be those that were assigned."""
        return all(self.reading(each)[1].matches for each in (metric.measure, metric.per) if each)


def lay_out(session: Session, declaration: Declaration) -> Layout:
    """Look the tables up. Raises ConfigError for one that is not there, or a column that is missing or of no use."""
    given = declaration.assignments
    place = f"experiment {declaration.name}, [assignments]"
    columns = _columns(session, given.table, place)
    user = _column(columns, given.user, given.table, place)
    time = None if given.time is None else _column(columns, given.time, given.table, place)
    variant = _column(columns, given.variant, given.table, place)
    dimensions = [_column(columns, name, given.table, place) for name in declaration.dimensions]
    if given.experiment is not None:
        column = _column(columns, given.experiment, given.table, place)
        _refuse_other_names(session, declaration.name, column, given.table, place)
    readings = [
        _reading(session, source, declaration, user.type, _used(declaration, source))
        for source in declaration.sources
    ]
    return Layout(
        declaration=declaration,
        user=quote(user.name),
        user_type=user.type,
        time=None if time is None else _moment(time, given.table, place),
        variant=_as_text(variant),
        condition=_condition(session, given, given.experiment, place),
        dimensions=tuple(_as_text(each) for each in dimensions),
        readings=tuple(readings),
    )


def _refuse_other_names(session: Session, name: str, column: Column, table: str, place: str) -> None:
    """A name that can be none of the column's values, as "checkout" of integers."""
    try:
        session.query(f"SELECT CAST(:experiment AS {column.type})", experiment=name)
    except (DataError, ProgrammingError) as error:
        raise ConfigError(
            f"{place}: {table}.{column.name} is {column.type}, and {name!r} is none. The experiment's name is that of its file: call "
            "the file as the column does, or leave `experiment` out and write "
            f'where = "{column.name} = …".'
        ) from error


def _used(declaration: Declaration, source: Source) -> list[tuple[str, str]]:
    """(the metric that says so, the value) of a source."""
    return [
        (metric.name, each.value)
        for metric in declaration.metrics
        for each in (metric.measure, metric.per)
        if each is not None and each.source == source and each.value is not None
    ]


def _reading(
    session: Session, source: Source, declaration: Declaration, key: Type, used: Sequence[tuple[str, str]]
) -> Reading:
    metric = next(
        metric.name
        for metric in declaration.metrics
        if source in [each.source for each in (metric.measure, metric.per) if each]
    )
    place = f"experiment {declaration.name}, metric {metric!r}"
    columns = _columns(session, source.table, place)
    user = _column(columns, source.user, source.table, place)
    time = None if source.time is None else _column(columns, source.time, source.table, place)
    experiment = declaration.assignments.experiment
    named = next((each for each in columns if each.name == experiment), None) if source.filtered else None
    if named is not None:
        _refuse_other_names(session, declaration.name, named, source.table, place)
    values = {
        text: _value(session, source, text, f"experiment {declaration.name}, metric {name!r}")
        for name, text in used
    }
    return Reading(
        source=source,
        user=quote(user.name),
        user_type=user.type,
        time=None if time is None else _moment(time, source.table, place, end_of_day=True),
        condition=_condition(session, source, experiment if named else None, place),
        values=tuple(values.items()),
        filtered=named is not None,
        matches=family(user.type) == family(key),
    )


def bracketed(text: str) -> str:
    """SQL of the declaration as a part of a larger expression; it may end in a comment."""
    return f"({text}\n)" if "--" in text else f"({text})"


def family(type_: Type) -> str:
    """What keys of a type can be compared with: "a number", "text", "a uuid", or the type's own name."""
    return _FAMILIES.get(type_.name, str(type_))


def _columns(session: Session, table: str, place: str) -> tuple[Column, ...]:
    try:
        return session.columns(table)
    except UndefinedTable as error:
        known = session.tables()
        raise ConfigError(
            f"{place}: there is no table {table!r}.{nearest(table, known)} See what there is: stepladder tables"
        ) from error


def _column(columns: Sequence[Column], name: str, table: str, place: str) -> Column:
    for column in columns:
        if column.name == name:
            return column
    known = [each.name for each in columns]
    raise ConfigError(
        f"{place}: table {table} has no column {name!r}.{nearest(name, known)} It has {', '.join(known)}."
    )


def _moment(column: Column, table: str, place: str, *, end_of_day: bool = False) -> str:
    """The column as a timestamptz. An event of which only the day is known comes at the end of that day: behind an
    assignment of the same day."""
    if column.type.name not in _TIMES:
        raise ConfigError(
            f"{place}: {table}.{column.name} is {column.type}, no time. Name a column of type timestamptz, timestamp or date; "
            "in a SQLite file of another program, stepladder adopt finds the type."
        )
    name = quote(column.name)
    if column.type.name == "timestamptz":
        return name
    if column.type.name == "date" and end_of_day:
        return f"(({name} + 1)::timestamp AT TIME ZONE 'UTC' - interval '1 microsecond')"
    return f"({name}::timestamp AT TIME ZONE 'UTC')"


def _as_text(column: Column) -> str:
    return quote(column.name) if column.type.name == "text" else f"{quote(column.name)}::text"


def _condition(session: Session, given: Assignments | Source, experiment: str | None, place: str) -> str:
    parts = [] if experiment is None else [f"{quote(experiment)} = :experiment"]
    if given.where is not None:
        place = f"{place}: where = {given.where!r}"
        _tried(
            session,
            f"SELECT 1 FROM {parse_name(given.table).sql} WHERE {bracketed(given.where)} LIMIT 0",
            given.where,
            place,
        )
        parts.append(bracketed(given.where))
    return " AND ".join(parts)


def _tried(session: Session, sql: str, text: str, place: str) -> Rows:
    """A statement with an expression of the declaration, which must be one by itself too. Raises ConfigError."""
    try:
        check_syntax(f"SELECT {bracketed(text)}")
        check_syntax(f"SELECT {text}\n")
        return session.query(sql)
    except ProgrammingError as error:
        raise ConfigError(f"{place}: {error.message}") from error


def _value(session: Session, source: Source, text: str, place: str) -> Value:
    """The value as whole numbers where its type allows it."""
    # In WHERE no aggregate may stand: a value is one of each row.
    sql = f"SELECT {bracketed(text)} AS value FROM {parse_name(source.table).sql} WHERE {bracketed(text)} IS NULL LIMIT 0"
    type_ = _tried(session, sql, text, f"{place}: value = {text!r}").columns[0].type
    if type_.name in _INTEGERS:
        return Value(f"{bracketed(text)}::bigint", exact=True)
    if type_.name == "numeric" and type_.precision is not None and type_.precision <= _EXACT_DIGITS:
        scale = max(type_.scale or 0, 0)
        return Value(f"({bracketed(text)} * {10**scale})::bigint", exact=True, scale=scale)
    if type_.name in ("numeric", "float8", "float4"):
        return Value(f"{bracketed(text)}::double precision", exact=False)
    if type_.name == "bool":
        return Value(f"(CASE WHEN {bracketed(text)} THEN 1 ELSE 0 END)::bigint", exact=True)
    raise ConfigError(
        f"{place}: value = {text!r} is {type_}, no number. Write a number, as a cast: ({text})::numeric(12,2)."
    )
