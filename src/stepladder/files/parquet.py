"""Parquet files (https://parquet.apache.org/docs/file-format/), row group by row group."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stepladder.errors import LoadError, MissingExtra
from stepladder.files.lines import Lines

_BATCH_ROWS = 65_536


class ParquetSource:
    """A file of typed columns. Raises LoadError for one that is no Parquet, MissingExtra without pyarrow."""

    def __init__(self, lines: Lines) -> None:
        self.path: Path = lines.path
        self.size_bytes = lines.size_bytes
        self.bytes_read = 0
        try:
            from pyarrow import parquet
        except ModuleNotFoundError as error:
            raise MissingExtra("A Parquet file", "arrow") from error
        try:
            self._file = parquet.ParquetFile(self.path)
        except (OSError, ValueError) as error:
            raise LoadError(f"{self.path} cannot be read as Parquet: {error}. Nothing was loaded.") from error

    def reader(self) -> Any:
        """A pyarrow RecordBatchReader of the file from its start; one row group is in memory at a time."""
        import pyarrow as pa

        return pa.RecordBatchReader.from_batches(self._file.schema_arrow, self._batches())

    def _batches(self) -> Iterator[Any]:
        rows = 0
        total = self._file.metadata.num_rows
        try:
            for batch in self._file.iter_batches(_BATCH_ROWS):
                rows += len(batch)
                self.bytes_read = self.size_bytes * rows // max(1, total)
                yield batch
        except (OSError, ValueError) as error:
            raise LoadError(
                f"{self.path}: reading failed after row {rows:,}: {error}. Get a whole copy and load it again."
            ) from error
