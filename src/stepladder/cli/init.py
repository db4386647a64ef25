"""`stepladder init NAME`."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from stepladder.cli.output import prose
from stepladder.errors import ResourceError, UsageError

# Where each template goes; what stands in braces is filled in.
_FILES = {
    "stepladder.toml": "stepladder.toml",
    "README.md": "README.md",
    "gitignore": ".gitignore",
    "models/sessions.sql": "models/sessions.sql",
    "models/daily_user_metrics.sql": "models/daily_user_metrics.sql",
    "models/daily_summaries.sql": "models/daily_summaries.sql",
    "tests/sessions.test": "tests/models/sessions.test",
}
_FILLED = ("stepladder.toml", "README.md")


def command(arguments: argparse.Namespace) -> int:
    folder = Path(arguments.name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder} is there already, and not an empty folder. Nothing was written. Choose another name."
        )
    make_project(folder, arguments.timezone)
    say = prose()
    say.print(f"made {folder}: {len(_FILES)} files", markup=False)
    say.print(
        f"\n  cd {shlex.quote(str(folder))}\n  stepladder test"
        "\n  stepladder load FILE --into user_events --mode append --create [--format combined]"
        "\n  stepladder run\n  stepladder report",
        markup=False,
    )
    return 0


def make_project(folder: Path, timezone: str) -> None:
    """Write a project's files into `folder`, over whatever has their names. Raises UsageError, ResourceError."""
    _check_zone(timezone)
    write_templates(folder, _FILES, name=folder.resolve().name, timezone=timezone)


def write_templates(folder: Path, places: Mapping[str, str], **filled: str) -> None:
    """Write templates to their places in `folder`. Raises ResourceError."""
    templates = files("stepladder.cli") / "templates"
    try:
        for source, place in places.items():
            text = templates.joinpath(*source.split("/")).read_text(encoding="utf-8")
            if source in _FILLED:
                text = text.format(**filled)
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ResourceError(
            f"{error.filename} cannot be written: {error.strerror}.", sqlstate="58030"
        ) from error


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(
            f"{name!r} is no zone of the IANA database. Write one like Europe/Berlin. Nothing was written."
        ) from error
