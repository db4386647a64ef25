"""Seeds: small CSV files under `models/` whose first line says the types."""

from __future__ import annotations

import hashlib
from pathlib import Path

from stepladder.config import Project
from stepladder.errors import LoadError, MissingFile, ModelError
from stepladder.files import seed_source
from stepladder.pipelines.model import Model, Seed
from stepladder.pipelines.naming import check_name, shown

MAX_BYTES = 10 * 1024 * 1024


def read_seed(path: Path, project: Project) -> Model:
    """The model that a CSV file is. Raises ModelError."""
    file = shown(path, project)
    check_name(path.stem, file)
    try:
        source = seed_source(path)
        if source.size_bytes > MAX_BYTES:
            raise ModelError(
                f"the seed has {source.size_bytes / 1024 / 1024:.0f} MB; seeds are small tables that people edit, of at most "
                f"{MAX_BYTES // 1024 // 1024} MB. Load it: stepladder load {file} --into {path.stem} --mode replace --create",
                file=file,
            )
        digest = hashlib.blake2b(path.read_bytes().replace(b"\r\n", b"\n"), digest_size=16).hexdigest()
    except (LoadError, MissingFile) as error:
        raise ModelError(error.message, file=file, line=1) from error
    except OSError as error:
        raise ModelError(f"cannot be read: {error}", file=file) from error
    return Model(path.stem, path, Seed(source.columns, f"rows {digest}"), kind="seed")


def seed_rows(path: Path) -> list[tuple[object, ...]]:
    """The rows of a seed. Raises LoadError for the first record that is none."""
    found: list[tuple[object, ...]] = []
    for batch in seed_source(path).batches():
        if batch.rejects:
            reject = batch.rejects[0]
            raise LoadError(f"{path}, line {reject.line}: {reject.reason}. Nothing was loaded.")
        found += batch.rows
    return found
