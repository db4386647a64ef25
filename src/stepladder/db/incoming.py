"""Whatever can be loaded, as batches of rows: a file, Rows, dicts, tuples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from stepladder.db.rows import Row, Rows
from stepladder.db.stream import Stream
from stepladder.errors import AmbiguousColumn, ParameterError, UsageError
from stepladder.files import Batch, Reject, Source, open_source
from stepladder.sql import Column, Type, type_of

BATCH_ROWS = 10_000
# Integers are made wide and numerics without a scale: a later row may need more than the first ones did.
_CREATED_AS = {"int2": Type("int8"), "int4": Type("int8"), "unknown": Type("text"), "float4": Type("float8")}


class Given:
    """Rows that are in memory already, as a Source."""

    size_bytes = None
    bytes_read = None

    def __init__(
        self,
        names: tuple[str, ...],
        rows: Iterable[tuple[Any, ...] | Reject],
        typed: Callable[[], tuple[Column, ...]] = tuple,
    ) -> None:
        self.names = names
        self.typed = typed  # asked only when a table is made: the values may fit one that is there
        self._rows = rows

    def batches(self, rows: int = BATCH_ROWS) -> Iterator[Batch]:
        first, source = 1, iter(self._rows)
        while batch := list(islice(source, rows)):
            good = [row for row in batch if not isinstance(row, Reject)]
            numbers = [first + place for place, row in enumerate(batch) if not isinstance(row, Reject)]
            yield Batch(first, good, numbers, [row for row in batch if isinstance(row, Reject)])
            first += len(batch)


def incoming(data: object, format_: str | None) -> Source | Given:
    if isinstance(data, str | Path):
        return open_source(Path(data), format=format_)
    if isinstance(data, Rows | Stream):
        names = tuple(column.name for column in data.columns)
        if len(set(names)) < len(names):
            raise AmbiguousColumn(f"two columns have one name ({', '.join(names)}): name them apart with AS.")
        tuples = data.tuples() if isinstance(data, Rows) else chain.from_iterable(data.batches())
        return Given(names, iter(tuples), lambda: data.columns)
    if isinstance(data, Mapping) or not isinstance(data, Iterable):
        raise UsageError(
            f"cannot load a {type(data).__name__}. Give a path, Rows, or an iterable of dicts or tuples (one a row)."
        )
    rows = iter(data)
    first = next(rows, None)
    if first is None:
        return Given((), ())
    if isinstance(first, Row):
        first = first.dict()
        rows = (row.dict() for row in rows)
    if isinstance(first, Mapping):
        return _from_dicts(chain([first], rows))
    if isinstance(first, tuple | list):
        return Given((), (tuple(row) for row in chain([first], rows)))
    raise UsageError(f"a row must be a dict or a tuple, not {type(first).__name__}.")


def _from_dicts(rows: Iterable[Any]) -> Given:
    source = iter(rows)
    head = list(islice(source, 1000))
    names = list(dict.fromkeys(name for row in head for name in row))
    known = set(names)

    def tuples() -> Iterator[tuple[Any, ...] | Reject]:
        for number, row in enumerate(chain(head, source), 1):
            extra = row.keys() - known
            if extra:
                name = min(extra)
                yield Reject(
                    number, number, name, str(row[name]), "no row before it has this column", str(row)
                )
            else:
                yield tuple(row.get(name) for name in names)

    return Given(
        tuple(names), tuples(), lambda: tuple(Column(name, _type_of_column(head, name)) for name in names)
    )


def _type_of_column(rows: Sequence[Mapping[str, Any]], name: str) -> Type:
    """The type that a new table's column gets: the widest of what the first rows hold."""
    found = [type_of(row[name]) for row in rows if row.get(name) is not None]
    types = list(dict.fromkeys(_CREATED_AS.get(type_.name, type_) for type_ in found))
    if not types:
        return Type("text")
    if len(types) == 1:
        return types[0]
    numeric = [type_.name for type_ in types if type_.name in ("int8", "numeric", "float8")]
    if len(numeric) == len(types):
        return Type("float8" if "float8" in numeric else "numeric")
    raise ParameterError(
        f"column {name!r} holds values of several types ({', '.join(map(str, types))}). Make the table first, with CREATE TABLE."
    )
