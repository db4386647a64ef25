"""Files into batches: CSV, JSON Lines and web server logs, each also compressed with gzip; Parquet.

This floor knows no database; Arrow only where it reads files faster. What cannot be read as a row is a `Reject` with its line and a
reason; it is never dropped.
"""

from __future__ import annotations

from stepladder.files.opening import FORMATS, open_source
from stepladder.files.parquet import ParquetSource
from stepladder.files.seeds import seed_source
from stepladder.files.source import Batch, ColumnBatch, Reject, Source

__all__ = [
    "FORMATS",
    "Batch",
    "ColumnBatch",
    "ParquetSource",
    "Reject",
    "Source",
    "open_source",
    "seed_source",
]
