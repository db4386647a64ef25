"""A PostgreSQL connection of the user's, borrowed (see `wrap`): its settings are ours for the length of a statement."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TypeVar

from stepladder.db.connection import Lent, Result
from stepladder.db.native import NativeValues
from stepladder.db.postgres import PostgresConnection
from stepladder.errors import UsageError

T = TypeVar("T")
# What the server reports unasked: a session is looked at before each statement, at no cost.
_OURS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "standard_conforming_strings": "on",
}


class LentPostgres(PostgresConnection, Lent):
    """What the two drivers share. It stands before the driver's class, whose methods super() finds."""

    @abstractmethod
    def _setting(self, name: str) -> str:
        """A setting that the server reports unasked (libpq's PQparameterStatus)."""

    @abstractmethod
    def _begin_as_theirs(self) -> None:
        """Begin the transaction that the connection's own cursors would begin, where none is open; its end is theirs."""

    def refuse_encoding(self) -> None:
        """Raise UsageError unless text travels as UTF-8."""
        encoding = self._setting("client_encoding")
        if encoding != "UTF8":
            raise UsageError(
                f"the connection's client_encoding is {encoding}; wrap() needs UTF8. SET client_encoding TO 'UTF8' first."
            )

    def is_open(self) -> bool:
        return self._is_open()

    def _may_prepare(self) -> bool:
        return False  # nothing of ours stays in the user's session

    def _send(self, text: str) -> Result:
        return self._with_our_settings(lambda: super(LentPostgres, self)._send(text))  # type: ignore[safe-super]

    def _send_native(self, text: str, values: NativeValues) -> Result:
        return self._with_our_settings(lambda: super(LentPostgres, self)._send_native(text, values))  # type: ignore[safe-super]

    def _copy(self, statement: str, data: bytes | memoryview) -> int:
        return self._with_our_settings(lambda: super(LentPostgres, self)._copy(statement, data))  # type: ignore[safe-super]

    def _copy_out(self, statement: str, take: Callable[[bytes | memoryview], None]) -> None:
        self._with_our_settings(lambda: super(LentPostgres, self)._copy_out(statement, take))  # type: ignore[safe-super]

    def _with_our_settings(self, work: Callable[[], T]) -> T:
        self._begin_as_theirs()
        theirs = {name: self._setting(name) for name, ours in _OURS.items() if self._setting(name) != ours}
        if not theirs:
            return work()
        word = "SET" if self.stands_alone() else "SET LOCAL"
        self._set(word, {name: _OURS[name] for name in theirs})
        try:
            return work()
        finally:
            # Where it fails inside a transaction, the rollback brings theirs back.
            if self._is_open() and not self._in_failed_transaction():
                self._set(word, theirs)

    def _set(self, word: str, settings: dict[str, str]) -> None:
        text = "; ".join(f"{word} {name} = {self._escape(value)}" for name, value in settings.items())
        super()._send(text)  # type: ignore[safe-super]

    def transaction_failed(self, *, known: bool) -> bool:  # noqa: ARG002 - the server knows it itself
        return self._in_failed_transaction()
