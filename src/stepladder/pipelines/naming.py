"""Which names a model may have, and how its file is named to people."""

from __future__ import annotations

import re
from pathlib import Path

from stepladder.config import Project
from stepladder.errors import ModelError

_NAME_BYTES = 63


def check_name(name: str, file: str, line: int | None = None) -> None:
    """Raise ModelError for a name that is no plain table name on both engines."""
    if len(name.encode()) > _NAME_BYTES:
        raise ModelError(
            f"the name has {len(name.encode())} bytes; PostgreSQL keeps {_NAME_BYTES}, so two models could become one table. Shorten it.",
            file=file,
            line=line,
        )
    if name.startswith("stepladder"):
        raise ModelError(
            "names that begin with stepladder are kept for Stepladder's own tables.", file=file, line=line
        )
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
        raise ModelError(
            f"{name!r} is no plain table name: use small letters, digits and _.", file=file, line=line
        )


def shown(path: Path, project: Project) -> str:
    """A file as people name it: from the project's folder."""
    return str(path.relative_to(project.folder)) if path.is_relative_to(project.folder) else str(path)
