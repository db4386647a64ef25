"""Files into batches of rows: CSV, JSON Lines and web server logs, each also compressed with gzip.

This floor knows no database and no Arrow. What cannot be read as a row is a `Reject` with its line and a
reason; it is never dropped.
"""

from __future__ import annotations

from stepladder.files.opening import FORMATS, open_source
from stepladder.files.source import Batch, Reject, Source

__all__ = ["FORMATS", "Batch", "Reject", "Source", "open_source"]
