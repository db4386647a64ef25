"""The tree of errors: the drawing on top of errors.py is the tree, and SQLSTATEs find their way into it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import pytest

from stepladder import errors
from stepladder.errors import (
    ConnectionFailed,
    DatabaseError,
    DataError,
    Disconnected,
    DuplicateTable,
    Error,
    IntegrityError,
    InvalidDatetime,
    InvalidText,
    MissingExtra,
    ModelError,
    NotPortable,
    ProgrammingError,
    ResourceError,
    SerializationFailure,
    StatementCanceled,
    UndefinedObject,
    UniqueViolation,
    database_error,
)

CLASSES = {
    name: found
    for name, found in vars(errors).items()
    if inspect.isclass(found) and issubclass(found, Error) and found.__module__ == errors.__name__
}
DATABASE_CLASSES = [found for found in CLASSES.values() if issubclass(found, DatabaseError)]
ALSO_ELSEWHERE = {"AmbiguousColumn"}  # drawn below ResultError; by its SQLSTATE a ProgrammingError too


def drawn() -> Iterator[tuple[str, str]]:
    """(class, the class that it is drawn below) for every name in the tree."""
    parents: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"(?P<rails>    [│├└─ ]*)(?P<names>[A-Z]\w+(?:, [A-Z]\w+)*)(?:\s{2,}|$)", line)
        if match is None:
            continue
        depth, names = len(match["rails"]), match["names"].split(", ")
        parents = [(place, name) for place, name in parents if place < depth]
        for name in names:
            yield name, parents[-1][1] if parents else ""
        parents.append((depth, names[-1]))


def test_the_drawing_holds_every_class_once_and_only_them() -> None:
    names = [name for name, _ in drawn()]
    assert len(names) == len(set(names))
    assert set(names) == set(CLASSES)


def test_the_drawing_is_the_tree() -> None:
    for name, parent in drawn():
        bases = {base.__name__ for base in CLASSES[name].__bases__}
        if name == "Error":
            assert parent == ""
        elif name in ALSO_ELSEWHERE:
            assert parent in bases
        else:
            assert bases == {parent}, name


def test_every_class_says_what_it_is() -> None:
    for name, found in CLASSES.items():
        assert found.__dict__.get("__doc__"), name


@pytest.mark.parametrize("found", DATABASE_CLASSES, ids=lambda found: found.__name__)
def test_every_class_is_reached_by_its_own_sqlstate(found: type[DatabaseError]) -> None:
    assert re.fullmatch(r"[0-9A-Z]{5}", found.sqlstate)
    assert database_error(found.sqlstate) is found


def test_no_two_classes_share_a_sqlstate() -> None:
    states = [found.sqlstate for found in DATABASE_CLASSES]
    assert len(states) == len(set(states))


@pytest.mark.parametrize(
    ("sqlstate", "found"),
    [
        ("22004", DataError),
        ("23P01", IntegrityError),
        ("42P10", ProgrammingError),
        ("53200", ResourceError),
        ("58030", ResourceError),
        ("40P01", SerializationFailure),
        ("42710", DuplicateTable),
        ("3F000", UndefinedObject),
        ("22008", InvalidDatetime),
        ("22018", InvalidText),
        ("28P01", ConnectionFailed),
        ("28000", ConnectionFailed),
        ("3D000", ConnectionFailed),
        ("57014", StatementCanceled),
        ("57P01", Disconnected),
        ("57P02", Disconnected),
        ("08006", Disconnected),
        ("P0001", DatabaseError),
        ("0A000", DatabaseError),
        ("XX000", DatabaseError),
        ("", DatabaseError),
    ],
)
def test_a_sqlstate_without_a_class_of_its_own_falls_back(sqlstate: str, found: type[DatabaseError]) -> None:
    assert database_error(sqlstate) is found


def test_a_server_that_is_full_is_out_of_a_resource() -> None:
    """53300 is the server's "too many connections": our own pool has nothing to do with it."""
    assert issubclass(database_error("53300"), ResourceError)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Error", 4), ("UsageError", 2), ("ConfigError", 2), ("MissingExtra", 2), ("MissingFile", 2),
        ("ModelError", 2), ("ParameterError", 2), ("UseTransaction", 2), ("NotPortable", 1), ("ResultError", 4),
        ("DatabaseError", 4), ("ConnectionFailed", 3), ("Disconnected", 3), ("PoolTimeout", 3),
        ("DatabaseBusy", 3), ("StatementCanceled", 3), ("SerializationFailure", 3), ("ResourceError", 3),
        ("IntegrityError", 4), ("DataError", 4), ("ProgrammingError", 4), ("LoadError", 1), ("CheckFailed", 1),
        ("RunFailed", 4), ("LeaseLost", 5),
    ],
)  # fmt: skip
def test_the_exit_code_of_each(name: str, code: int) -> None:
    assert CLASSES[name].exit_code == code


def test_only_what_may_succeed_again_is_retryable() -> None:
    retryable = {found.__name__ for found in DATABASE_CLASSES if found.retryable}
    assert retryable == {"Disconnected", "DatabaseBusy", "SerializationFailure"}


def test_a_class_keeps_its_sqlstate_until_it_is_told_another() -> None:
    assert UniqueViolation("twice").sqlstate == "23505"
    assert DataError("odd", sqlstate="22004").sqlstate == "22004"
    assert DataError.sqlstate == "22000"


def test_a_lost_connection_says_what_became_of_the_work() -> None:
    assert Disconnected("gone").outcome == "rolled back"
    assert Disconnected("gone", outcome="unknown").outcome == "unknown"


def test_a_model_error_begins_with_its_place() -> None:
    assert str(ModelError("wrong", file="a.sql", line=3)) == "a.sql:3: wrong"
    assert str(ModelError("wrong", file="a.sql")) == "a.sql: wrong"
    assert str(ModelError("wrong")) == "wrong"


def test_what_is_not_portable_says_why_and_what_instead() -> None:
    error = NotPortable("xml", why="no rule", instead="jsonb", position=7)
    assert str(error) == "not portable to SQLite: xml\nwhy: no rule\ninstead: jsonb"
    assert (error.what, error.position) == ("xml", 7)


def test_a_missing_extra_is_named_with_its_install_line() -> None:
    assert 'pip install "stepladder[psycopg2]"' in str(MissingExtra("This", "psycopg2"))
