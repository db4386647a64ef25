"""Whether a SQLite file is fit for work."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from stepladder.db import type_catalogue
from stepladder.db.health.findings import Finding, fail, ok, warn

_CHECKED_BYTES = 100 * 2**20  # larger files are not read through
_LOW_BYTES = 1 * 2**30
_LARGE_WAL_BYTES = 512 * 2**20
_NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.s3fs")
_OLDEST = (3, 40, 0)
_MIB = 2**20


def reading_option(path: Path) -> str:
    """How a URL opens the file so that it, and what lies beside it, is left as it was."""
    with path.open("rb") as file:
        is_wal = file.read(20)[18:20] == b"\x02\x02"  # https://sqlite.org/fileformat2.html, 1.3
    if not is_wal or Path(f"{path}-wal").exists():
        return "mode=ro"
    # A reader makes a log where there is none; only one that may write takes it away again.
    return "mode=rw" if os.access(path.parent, os.W_OK) and os.access(path, os.W_OK) else "immutable=1"


def left_over(path: Path) -> Iterator[Finding]:
    """What a write that did not end has left beside the file."""
    hot = Path(f"{path}-journal")
    if hot.exists() and hot.stat().st_size:
        yield warn(
            "left over",
            f"{hot.name} is left of a write that did not end",
            "keep it beside the file: the next connection that may write rolls that write back",
        )


def examine(raw: sqlite3.Connection, path: Path | None) -> Iterator[Finding]:
    """Findings of the library, the file and its folder."""
    yield _library()
    if path is None:
        yield ok("file", "in memory: it ends with the process")
        return
    size = path.stat().st_size
    yield ok("file", f"{path} has {size / _MIB:,.1f} MiB")
    yield _writable(path)
    yield _disk(path, size)
    yield _file_system(path)
    yield from _journal(raw, path)
    intact = _intact(raw, size)
    yield intact
    if intact.state == "ok":
        yield _encoding(raw)
        yield from _foreign_tables(raw)


def _library() -> Finding:
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < _OLDEST:
        return fail(
            "SQLite", f"the library is {version}, older than 3.40", "use a Python that comes with a newer one"
        )
    return ok("SQLite", f"the library is {version}")


def _writable(path: Path) -> Finding:
    for place in (path, path.parent):
        if not os.access(place, os.W_OK):
            return warn(
                "rights",
                f"{place} may not be written by this user: queries work, loads and runs do not",
                f"as its owner: chmod u+w {place}",
            )
    return ok("rights", "the file and its folder may be written")


def _disk(path: Path, size: int) -> Finding:
    free = shutil.disk_usage(path.parent).free
    said = f"{free / 2**30:,.1f} GiB are free beside the file"
    if free < max(_LOW_BYTES, size):
        return warn("disk", said, "make room: a load or VACUUM may need as much again as the file has")
    return ok("disk", said)


def _file_system(path: Path) -> Finding:
    kind = file_system(path, Path("/proc/self/mounts"))
    if kind is None:
        return ok("file system", "its kind is not known here")
    if any(kind.startswith(network) for network in _NETWORK):
        return warn(
            "file system",
            f"the file is on a network file system ({kind}), whose locks SQLite cannot rely on",
            "move it to a disk of this machine, or use a PostgreSQL target",
        )
    return ok("file system", f"the file is on {kind}")


def file_system(path: Path, mounts: Path) -> str | None:
    """The kind of the file system that holds `path`, by Linux's list of mounts; None where there is none."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    place = path.resolve()
    best: tuple[int, str] | None = None
    for line in lines:
        _, point, kind, *_ = line.split(" ")
        mount = Path(point.replace("\\040", " "))
        if place.is_relative_to(mount) and (best is None or len(mount.parts) >= best[0]):
            best = (len(mount.parts), kind)
    return None if best is None else best[1]


def _journal(raw: sqlite3.Connection, path: Path) -> Iterator[Finding]:
    (mode,) = raw.execute("PRAGMA journal_mode").fetchone()
    if mode == "wal":
        yield ok("journal", "write-ahead log: readers and a writer do not wait for each other")
    else:
        yield ok(
            "journal", f"mode {mode}; the first connection that may write turns it into a write-ahead log"
        )
    wal = Path(f"{path}-wal")
    if wal.exists() and wal.stat().st_size > _LARGE_WAL_BYTES:
        yield warn(
            "journal",
            f"the write-ahead log has {wal.stat().st_size / _MIB:,.0f} MiB: a reader that never ends keeps it from being emptied",
            "end long-running readers; the next writer then empties it",
        )


def _intact(raw: sqlite3.Connection, size: int) -> Finding:
    if size > _CHECKED_BYTES:
        return ok("integrity", f"not looked at: the file is larger than {_CHECKED_BYTES // _MIB} MiB")
    try:
        said = [line for (line,) in raw.execute("PRAGMA quick_check(3)")]
    except sqlite3.DatabaseError as error:
        said = [str(error)]
    if said != ["ok"]:
        return fail(
            "integrity",
            f"the file is damaged: {'; '.join(said)}",
            "keep a copy, then restore a backup or recover what is there: sqlite3 FILE .recover",
        )
    return ok("integrity", "a quick check found nothing wrong")


def _encoding(raw: sqlite3.Connection) -> Finding:
    (name,) = raw.execute("PRAGMA encoding").fetchone()
    if name != "UTF-8":
        return warn(
            "encoding",
            f"the file keeps text as {name}",
            "load its tables into a new file: text orders otherwise there",
        )
    return ok("encoding", 'text is UTF-8, ordered by its bytes (PostgreSQL: COLLATE "C")')


def _foreign_tables(raw: sqlite3.Connection) -> Iterator[Finding]:
    kept = set(type_catalogue.intact(raw))
    foreign = [
        name for name in type_catalogue.tables(raw) if name not in kept and not name.startswith("stepladder.")
    ]
    if foreign:
        shown = ", ".join(foreign[:3]) + (", …" if len(foreign) > 3 else "")
        yield warn(
            "tables",
            f"Stepladder did not make {len(foreign)} of the tables ({shown}): their PostgreSQL types are guessed",
            "give the file known types: `stepladder adopt FILE`",
        )
