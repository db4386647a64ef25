"""The lines of a file, plain or gzipped, as bytes and with their numbers."""

from __future__ import annotations

import gzip
import io
import stat
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from stepladder.errors import LoadError, MissingFile

# A file without line ends (a disk image, say) must not fill the memory before anybody looks at it.
LONGEST_LINE = 64 * 1024 * 1024
BOM = b"\xef\xbb\xbf"


class Lines:
    """A file that can be read line by line, as often as wanted; only one pass at a time.

    Raises MissingFile for what is not there, no regular file, or not readable.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                kind = "a folder" if stat.S_ISDIR(status.st_mode) else "no regular file"
                raise MissingFile(f"{path} is {kind}. Name one file of rows.")
            path.open("rb").close()
        except OSError as error:
            raise MissingFile(f"Cannot read {path}: {error.strerror}. Nothing was loaded.") from error
        self.size_bytes = status.st_size
        self.bytes_read = 0

    def __iter__(self) -> Generator[tuple[int, bytes]]:
        """Number (from 1) and bytes of each line, its end included, a byte order mark at the start left out.

        Raises LoadError naming the line reached, when the file cannot be read on.
        """
        with self.opened() as reading:
            for line in iter(reading.line, b""):
                if reading.number % 256 == 0:  # a system call, that would cost more than the line
                    self.bytes_read = reading.position()
                yield reading.number, line

    @contextmanager
    def opened(self) -> Iterator[Reading]:
        """One pass. What goes wrong while it is read leaves the block as LoadError naming the line reached."""
        self.bytes_read = 0
        reading = None
        try:
            with self.path.open("rb") as raw, _unpacked(raw, self.path) as content:
                reading = Reading(self.path, raw, content)
                yield reading
        except (EOFError, zlib.error, OSError) as error:
            raise LoadError(_broken(self.path, reading.number if reading else 0, error)) from error
        self.bytes_read = self.size_bytes


class Reading:
    """One pass over a file. `number` is the last line that was taken."""

    def __init__(self, path: Path, raw: IO[bytes], content: IO[bytes]) -> None:
        self.number = 0
        self.position = raw.tell
        self._path = path
        self._content = content

    def line(self) -> bytes:
        """The next line, its end included; b"" at the end of the file."""
        line = self._content.readline(LONGEST_LINE)
        if line:
            self.number += 1
            if len(line) == LONGEST_LINE:
                raise LoadError(
                    f"{self._path}, line {self.number}: no end of the line in {LONGEST_LINE:,} bytes."
                )
            if self.number == 1:
                return line.removeprefix(BOM)
        return line

    def block(self, size: int) -> bytes:
        """Whole lines of about `size` bytes, after the first line; b"" at the end of the file."""
        block = self._content.read(size)
        self.number += block.count(b"\n")
        return block if block.endswith(b"\n") else block + self.line()


def without_last_blank(lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """`lines` without the last one if it is blank: many programs end a file with an empty line."""
    held: tuple[int, bytes] | None = None
    for line in lines:
        if held is not None:
            yield held
            held = None
        if line[1].isspace():
            held = line
        else:
            yield line


def readable(line: bytes) -> str:
    """`line` as text that every database can keep: no end of line, other bytes as `\\xe9`, NUL as `\\x00`."""
    return line.decode("utf-8", "backslashreplace").rstrip("\r\n").replace("\0", "\\x00")


def _unpacked(raw: IO[bytes], path: Path) -> IO[bytes]:
    if path.suffix.lower() != ".gz":
        return raw
    return io.BufferedReader(gzip.GzipFile(fileobj=raw, mode="rb"), 1 << 17)


def _broken(path: Path, number: int, error: Exception) -> str:
    if isinstance(error, EOFError):
        what = "the compressed data ends too soon: the file is cut off"
    elif isinstance(error, gzip.BadGzipFile):
        what = "this is no gzip data" if number == 0 else f"the gzip data is damaged ({error})"
    elif isinstance(error, zlib.error):
        what = f"the compressed data is damaged ({error})"
    else:
        what = f"reading failed ({error.__class__.__name__}: {error})"
    return f"{path}: {what}; it could be read up to line {number:,}. Get a whole copy and load it again."
