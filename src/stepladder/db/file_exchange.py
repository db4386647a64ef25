"""A SQLite file held for this process alone, and exchanged for another in one step of the file system."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stepladder.db.faults import sqlite_fault
from stepladder.db.foreign_file import ForeignFile, open_file, size_on_disk
from stepladder.db.sqlite_waiting import is_busy
from stepladder.errors import DatabaseBusy, MissingFile, ResourceError, UsageError

_ROOM = 2.5  # times the file's size: the copy, and a table twice while it is rewritten


class HeldFile:
    """A file that nobody else may read or write, until it is let go."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.copy_path = path.with_name(f".{path.name}.adopting")
        _refuse_odd_files(path)
        _refuse_other_users(path)
        self.file = open_file(path, "mode=rw")
        self._was_wal = self._mode_changed = False
        try:
            self._hold()
        except sqlite3.Error as error:
            self.file.close()
            if is_busy(error):
                raise _in_use(path, "another process has a lock on it") from error
            raise sqlite_fault(error) from error
        except BaseException:
            self.file.close()
            raise

    def _hold(self) -> None:
        raw = self.file.raw
        raw.execute("PRAGMA locking_mode = EXCLUSIVE")
        raw.execute("BEGIN EXCLUSIVE")  # a write that did not end is rolled back here
        raw.execute("COMMIT")  # the lock stays, and a backup may be made
        self._was_wal = raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        if self._was_wal:
            busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise _in_use(self.path, "its write-ahead log is being read")
        self._version = raw.execute("PRAGMA data_version").fetchone()
        self._discard_copy()  # of a process that was killed: we hold the file, so nobody works on it

    def exchange(self, copy: ForeignFile) -> None:
        """Put the copy, which is closed here, in the file's place. On return it is on the disk."""
        copy.raw.execute("PRAGMA legacy_alter_table = OFF")
        copy.raw.execute(f"PRAGMA journal_mode = {'WAL' if self._was_wal else 'DELETE'}")
        copy.close()
        shutil.copymode(self.path, copy.path)
        _flush(copy.path)
        self._let_go_of_names()
        _refuse_other_users(self.path)
        copy.path.replace(self.path)
        self._mode_changed = False
        _flush(self.path.parent)

    def _let_go_of_names(self) -> None:
        """The old file's journals go by its name, which will be the new one's: none may be open from here on."""
        raw = self.file.raw
        self._mode_changed = self._was_wal
        raw.execute("PRAGMA journal_mode = DELETE")
        raw.execute("PRAGMA locking_mode = NORMAL")
        raw.execute("BEGIN EXCLUSIVE")
        raw.execute("COMMIT")
        raw.execute("BEGIN EXCLUSIVE")  # writes nothing, so it makes no journal
        if raw.execute("PRAGMA data_version").fetchone() != self._version:
            raise _in_use(self.path, "somebody has written it meanwhile")

    def let_go(self) -> None:
        """Close the file; a copy that did not take its place is removed."""
        with suppress(sqlite3.Error):
            if self.file.raw.in_transaction:
                self.file.raw.execute("ROLLBACK")
            if self._mode_changed:
                self.file.raw.execute("PRAGMA journal_mode = WAL")
        self.file.close()
        self._discard_copy()

    def _discard_copy(self) -> None:
        for end in ("", "-journal", "-wal", "-shm"):
            Path(f"{self.copy_path}{end}").unlink(missing_ok=True)


@contextmanager
def holding(path: Path) -> Iterator[HeldFile]:
    """The file, held alone. Raises MissingFile, UsageError, DatabaseBusy, ResourceError."""
    if not path.is_file():
        raise MissingFile(f"there is no file {path}. Nothing was read or written.")
    held = HeldFile(path.resolve())
    try:
        yield held
    finally:
        held.let_go()


def _refuse_odd_files(path: Path) -> None:
    if path.stat().st_nlink > 1:
        raise UsageError(
            f"{path} has another name too (a hard link), which would go on naming the old rows. Copy it first. Nothing was written."
        )
    free, wanted = shutil.disk_usage(path.parent).free, int(size_on_disk(path) * _ROOM)
    if free < wanted:
        raise ResourceError(
            f"{wanted / 2**20:,.0f} MiB are needed beside {path}, and {free / 2**20:,.0f} are free. Nothing was written.",
            sqlstate="53100",
        )


def _refuse_other_users(path: Path) -> None:
    """A process that only has the file open has no lock on it, and would write into the old one. Where /proc tells,
    it is looked for there."""
    users = _users(path)
    if users:
        raise _in_use(path, f"process {', '.join(map(str, users))} has it open")


def _users(path: Path) -> list[int]:
    found = []
    wanted = path.stat()
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) == os.getpid():
            continue
        with suppress(OSError):  # it has ended, or is another user's
            if any(_is_same(link, wanted) for link in (folder / "fd").iterdir()):
                found.append(int(folder.name))
    return found


def _is_same(link: Path, wanted: os.stat_result) -> bool:
    with suppress(OSError):
        return os.path.samestat(link.stat(), wanted)
    return False


def _in_use(path: Path, why: str) -> DatabaseBusy:
    return DatabaseBusy(
        f"{path} is in use: {why}. The file is as it was. End what uses it, then run this again."
    )


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
