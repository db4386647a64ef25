"""Where embedded clusters live: folders that only their user can write, and whose modes nobody else set.

No existing folder is ever changed. One that is there already and could be written by others, is somebody
else's, or is a link, is refused: what is run from it would run with our rights.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path

from stepladder.errors import ConfigError

# Root's clusters belong to another account, which cannot enter root's home.
ROOT_FOLDER = Path("/var/tmp/stepladder-root")  # noqa: S108 - its owner and mode are checked
# A socket's path has at most 107 bytes on Linux and 103 on macOS: https://man7.org/linux/man-pages/man7/unix.7.html
_LONGEST_SOCKET = 103
_REMEDY = "Set XDG_DATA_HOME to a folder that this user may write."
_SOCKET = ".s.PGSQL.5432"


def home() -> Path:
    """The folder of all clusters of this user, made or not."""
    if os.geteuid() == 0:
        return ROOT_FOLDER.resolve() / "clusters"
    said = os.environ.get("XDG_DATA_HOME", "")
    # A relative one is to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
    try:
        base = Path(said) if said.startswith("/") else Path("~/.local/share").expanduser()
    except RuntimeError as error:
        raise ConfigError(f"This user has no home folder ({error}). {_REMEDY}") from error
    return base.resolve() / "stepladder" / "clusters"


def make_home() -> None:
    """Makes `home()`. Raises ConfigError where it cannot be made, or is not ours alone."""
    if os.geteuid() == 0:
        make_private(ROOT_FOLDER, 0o711)
        make_private(home(), 0o711)
        return
    folder = home()
    try:
        folder.parent.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot(folder, error) from error
    make_private(folder.parent, 0o700)
    make_private(folder, 0o700)


def make_private(folder: Path, mode: int) -> None:
    """Makes `folder` with `mode`, whatever the umask; or makes sure that an existing one is ours alone."""
    try:
        folder.mkdir(mode=0o700)
        folder.chmod(mode)
    except FileExistsError:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
            raise ConfigError(
                f"{folder} is not a folder that only this user can write, so nothing is kept in it or run "
                "from it. Nothing was changed. Find out who made it, then remove it."
            ) from None
    except OSError as error:
        raise _cannot(folder, error) from error


def make_sockets(preferred: Path) -> Path:
    """A private folder for a server's socket: `preferred`, else a short one among the temporary files."""
    if _usable(preferred):
        return preferred
    short = _short(preferred)
    if not _usable(short):
        raise ConfigError(
            f"No socket can be made in {short}: the path is too long or has a comma. Set TMPDIR."
        )
    make_private(short, 0o700)
    return short


def forget_sockets(preferred: Path) -> None:
    """Removes what `make_sockets` may have made outside the cluster; the server is down."""
    short = _short(preferred)
    if not _usable(preferred) and short.exists():
        shutil.rmtree(short)


def _usable(folder: Path) -> bool:
    """libpq and the server both read a comma as the next folder's beginning, and the server reads quotes."""
    return len(os.fsencode(folder / _SOCKET)) <= _LONGEST_SOCKET and not set(str(folder)) & set(',"\n')


def _short(preferred: Path) -> Path:
    return Path(tempfile.gettempdir()) / f"stepladder-{os.geteuid()}-{preferred.parent.name}"


def _cannot(folder: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"The embedded PostgreSQL has no place for its files: {folder} cannot be made ({error.strerror}). "
        f"{_REMEDY}"
    )
