"""What a query returns: a sequence of rows that are read by position, by name and by attribute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast, overload

from stepladder.errors import AmbiguousColumn, ManyRows, NoRows, UndefinedColumn
from stepladder.sql import Column

_SHOWN_IN_NOTEBOOK = 20


class Row(tuple[Any, ...]):
    """One row. `row[0]`, `row["count"]`, `row.name` (for names that are no method of tuple)."""

    __slots__ = ()
    _names: tuple[str, ...] = ()

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, str):
            return tuple.__getitem__(self, _position(self._names, place))
        return tuple.__getitem__(self, place)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The column of this name: see row_class."""

    def dict(self) -> dict[str, Any]:
        """Name -> value. Raises AmbiguousColumn where two columns have one name."""
        for name in self._names:
            _position(self._names, name)
        return dict(zip(self._names, self, strict=True))

    def __repr__(self) -> str:
        cells = ", ".join(f"{name}={value!r}" for name, value in zip(self._names, self, strict=True))
        return f"Row({cells})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_remake, (self._names, tuple(self)))


def _remake(names: tuple[str, ...], values: tuple[Any, ...]) -> Row:
    return row_class(names)(values)


def _position(names: tuple[str, ...], name: str) -> int:
    found = [place for place, known in enumerate(names) if known == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise AmbiguousColumn(
            f"column {name!r} is ambiguous: it is at positions {', '.join(map(str, found))}. "
            "Read it by position, or name the columns apart with AS."
        )
    raise UndefinedColumn(f"there is no column {name!r}; there are: {', '.join(names) or 'none'}.")


@lru_cache(maxsize=512)
def row_class(names: tuple[str, ...]) -> type[Row]:
    """A Row whose attributes are these names; made once for each list of names."""
    attributes: dict[str, Any] = {
        name: property(itemgetter(place))
        for place, name in enumerate(names)
        if name.isidentifier() and not hasattr(Row, name) and names.count(name) == 1
    }
    return cast("type[Row]", type("Row", (Row,), {"__slots__": (), "_names": names, **attributes}))


class Rows(Sequence[Row]):
    """All rows of a query, read as often as you like. `columns` are their names and PostgreSQL types."""

    __slots__ = ("_tuples", "columns")

    def __init__(self, columns: tuple[Column, ...], tuples: Sequence[tuple[Any, ...]]) -> None:
        self.columns = columns
        self._tuples = tuples

    @property
    def _class(self) -> type[Row]:
        return row_class(tuple([column.name for column in self.columns]))

    def __len__(self) -> int:
        return len(self._tuples)

    def __iter__(self) -> Iterator[Row]:
        return map(self._class, self._tuples)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Rows: ...
    def __getitem__(self, place: int | slice) -> Row | Rows:
        if isinstance(place, slice):
            return Rows(self.columns, self._tuples[place])
        return self._class(self._tuples[place])

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Rows):
            return self.columns == other.columns and list(self._tuples) == list(other._tuples)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return (Rows, (self.columns, self._tuples))

    def all(self) -> list[Row]:
        """Every row, as a list."""
        return list(self)

    def tuples(self) -> list[tuple[Any, ...]]:
        """Every row, as a plain tuple."""
        return [tuple(row) for row in self._tuples]

    def first(self) -> Row | None:
        """The first row, or None."""
        return self[0] if self._tuples else None

    def one(self) -> Row:
        """The only row; else NoRows or ManyRows."""
        if not self._tuples:
            raise NoRows("one row was asked for, and the query returned none.")
        if len(self._tuples) > 1:
            raise ManyRows(f"one row was asked for, and the query returned {len(self._tuples)}.")
        return self[0]

    def scalar(self) -> Any:
        """The first column of the only row; else NoRows or ManyRows."""
        return self.one()[0]

    def dicts(self) -> list[dict[str, Any]]:
        """Every row by name. Raises AmbiguousColumn where two columns have one name."""
        return [row.dict() for row in self]

    def frame(self, kind: str = "pandas") -> Any:
        """The rows as "pandas", "polars" or "arrow"; see Database.frame, which is faster for many rows."""
        from stepladder.db.arrow.frames import frame_of, refuse_unknown_kind
        from stepladder.db.arrow.rows import table_of_rows

        refuse_unknown_kind(kind)
        return frame_of(table_of_rows(self.columns, self._tuples), kind)

    def __repr__(self) -> str:
        names = ", ".join(column.name for column in self.columns)
        return f"<Rows: {len(self)} × ({names})>"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(column.name)}</th>" for column in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(str(value))}</td>" for value in row) + "</tr>"
            for row in self._tuples[:_SHOWN_IN_NOTEBOOK]
        )
        rest = len(self) - _SHOWN_IN_NOTEBOOK
        more = f"<caption>and {rest} more rows</caption>" if rest > 0 else ""
        return f"<table>{more}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
