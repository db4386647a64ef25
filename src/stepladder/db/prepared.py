"""Statements that come again are prepared on the server, which then parses and plans them once (docs/why/prepared.md).

PREPARE and EXECUTE are sent as text: both drivers send the same bytes, and EXECUTE's values are the literals of
`stepladder.sql.bind`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from stepladder.db.statement_key import StatementKey
from stepladder.errors import DatabaseError
from stepladder.sql import (
    Bound,
    Escape,
    cast_name,
    literal,
    means_the_same_prepared,
    parameter_uses,
    types_of,
)

_PREPARED_THE = 5  # th time that it comes
_KEPT = 100  # on a connection; each is some kilobytes of the server's memory
# Functions of the server's that refuse a prepared statement before anything of it is run.
REFUSES_UNRUN = ("RevalidateCachedQuery", "FetchPreparedStatement")


class Unusable(DatabaseError):
    """The server does not run a prepared statement any more: its result's columns have changed, or it is gone."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement that the server knows by `name`; `uses` are the user's parameters for $1, $2, …, with their places."""

    name: str
    uses: tuple[tuple[str, int], ...]

    def execute(self, values: Mapping[str, object], escape: Escape) -> Bound:
        """EXECUTE with a literal for each use."""
        written = {name: literal(value, escape, name) for name, value in values.items()}
        text = f"EXECUTE {self.name}"
        before = "("
        changes = []
        for name, place in self.uses:
            text += before
            changes.append((len(text), place - len(text)))
            text += written[name]
            before = ", "
        return Bound(f"{text})" if self.uses else text, tuple(changes))


class PreparedStatements:
    """What one connection's server has prepared, and what has come how often."""

    def __init__(self) -> None:
        self._known: dict[StatementKey, Prepared | int] = {}

    def get(self, key: StatementKey) -> Prepared | None:
        """The prepared statement; None where there is none (yet)."""
        found = self._known.get(key)
        return found if isinstance(found, Prepared) else None

    def due(self, key: StatementKey) -> bool:
        """Count a statement that comes; whether it is to be prepared now."""
        if len(self._known) >= 10 * _KEPT:
            self._known = {
                known: found for known, found in self._known.items() if isinstance(found, Prepared)
            }
        count = self._known.get(key, 0)
        assert isinstance(count, int)
        self._known[key] = count + 1
        return count + 1 == _PREPARED_THE

    def add(self, key: StatementKey, prepared: Prepared) -> None:
        """Note what was prepared."""
        self._known[key] = prepared

    def drop(self, key: StatementKey) -> None:
        """Forget one that is unusable; it is not prepared again."""
        self._known[key] = _PREPARED_THE

    def is_full(self) -> bool:
        """Whether no further one should be prepared."""
        return sum(isinstance(found, Prepared) for found in self._known.values()) >= _KEPT

    def clear(self) -> None:
        """The session was made anew: nothing is prepared."""
        self._known.clear()


def preparation(sql: str, values: Mapping[str, object]) -> tuple[str, Prepared] | None:
    """PREPARE's text and what it makes; None for a statement that would mean something else.

    The name says the text and the types: where a pooler gives one session to several clients, equal names are equal
    statements.
    """
    if not means_the_same_prepared(sql):
        return None
    types = types_of(values)
    parts, declared, uses = [], [], []
    at = 0
    for number, use in enumerate(parameter_uses(sql), 1):  # each use is typed alone, as a literal is
        parts += [sql[at : use.start], f" ${number}"]
        declared.append(cast_name(types[use.name]))
        uses.append((use.name, use.start))
        at = use.end
    text = "".join([*parts, sql[at:]])
    listed = f" ({', '.join(declared)})" if declared else ""
    name = f"stepladder_{sha256(f'{listed}{text}'.encode()).hexdigest()[:24]}"
    return f"PREPARE {name}{listed} AS {text}", Prepared(name, tuple(uses))
