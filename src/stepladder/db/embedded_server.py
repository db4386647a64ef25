"""One cluster's files and server: made, started, recognised and stopped, without pg_ctl.

What a running server is known by is its `postmaster.pid`, in the data folder:
https://www.postgresql.org/docs/current/storage-file-layout.html
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from stepladder.db import embedded_folders
from stepladder.db.embedded_binaries import account, run, spawn
from stepladder.errors import ConnectionFailed

Process = subprocess.Popen[bytes]

PORT = 5432
"""Names the socket's file; no network port is opened. In the URL, else PGPORT would be asked."""

# What makes PostgreSQL durable stays on, a prototype may be dear to its owner: with fsync off a power cut can
# ruin the whole cluster, and with synchronous_commit off a killed server loses what it had acknowledged: seen
# with kill -9. A commit takes 0.25 ms instead of 0.09.
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "TimeZone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
_INITDB = (
    "--username=postgres",
    "--auth=trust",  # whoever can enter the socket's folder is its owner already
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)
_START_SECONDS = 120.0  # after a crash the server first reads its log again
_STOP_SECONDS = 120.0
_LOG_LINES = 12


@dataclass(frozen=True, slots=True)
class Cluster:
    """The paths of one cluster."""

    folder: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.folder / "data"

    @property
    def sockets(self) -> Path:
        """The folder of its socket, where the path is short enough for one."""
        return self.folder / "sockets"

    @property
    def log(self) -> Path:
        """What the server said since it was started; before that: `server.log.1`."""
        return self.folder / "server.log"

    @property
    def gate(self) -> Path:
        """Locked by whoever changes the cluster's state."""
        return self.folder.with_name(self.folder.name + ".gate")

    @property
    def users(self) -> Path:
        """Locked, shared, by every process that uses the cluster."""
        return self.folder.with_name(self.folder.name + ".users")


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What `postmaster.pid` says: the server's first process, its socket's folder, whether it is ready."""

    pid: int
    sockets: Path
    ready: bool


def connection_url(postmaster: Postmaster) -> str:
    """For libpq, and so for both drivers: postgresql://postgres@/postgres?host=/folder&port=5432"""
    host = quote(os.fsencode(postmaster.sockets), safe="/")
    return f"postgresql://postgres@/postgres?host={host}&port={PORT}"


def build(cluster: Cluster, target: Path, programs: Path) -> None:
    """Makes the cluster beside its place and moves it there whole: a kill leaves nothing half made.

    Raises ConnectionFailed with what `initdb` said.
    """
    for left in cluster.folder.parent.glob(f"{cluster.folder.name}.new-*"):
        # An initdb that outlived a killed process may still write there: the next start takes the rest.
        shutil.rmtree(left, ignore_errors=True)
    new = Cluster(Path(tempfile.mkdtemp(prefix=f"{cluster.folder.name}.new-", dir=cluster.folder.parent)))
    owner = account()
    for folder in (new.data, new.sockets):
        folder.mkdir(mode=0o700)
        if owner is not None:
            os.chown(folder, *owner)
    if owner is not None:
        # Root keeps the folder around them: it must not write where the server's account could lay a link.
        new.folder.chmod(0o711)
    note = new.folder / "target"
    note.touch(mode=0o600)
    note.write_bytes(os.fsencode(target.resolve()) + b"\n")
    command: list[str | Path] = [programs / "initdb", "-D", new.data, *_INITDB]
    made = run(command)
    if made.returncode != 0:
        shutil.rmtree(new.folder)
        said = _last_lines(made.stderr)
        raise ConnectionFailed(f"The embedded PostgreSQL for {target} could not be made:\n{said}")
    new.folder.rename(cluster.folder)


def launch(cluster: Cluster, programs: Path) -> tuple[Process, Postmaster]:
    """Starts the server and waits until it is ready.

    Raises ConnectionFailed with the last lines of its log when it ends, or takes more than two minutes.
    """
    sockets = embedded_folders.make_sockets(cluster.sockets)
    settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
    command: list[str | Path] = [
        programs / "postgres",
        "-D",
        cluster.data,
        "-k",
        sockets,
        "-p",
        str(PORT),
        *settings,
    ]
    if cluster.log.exists():
        cluster.log.replace(cluster.log.with_suffix(".log.1"))
    cluster.log.touch(mode=0o600)  # statements are in it, and root's clusters can be passed through by all
    with cluster.log.open("wb") as log:
        process = spawn(command, log)
    try:
        return process, _ready(cluster, process)
    except BaseException:
        if process.poll() is None:
            shut_down(cluster, process)
        raise


def _ready(cluster: Cluster, process: Process) -> Postmaster:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        postmaster = _read(cluster)
        if postmaster is not None and postmaster.pid == process.pid and postmaster.ready:
            return postmaster
        time.sleep(0.01)
    # A server started by a process that was killed at once may have been about to listen: ours then gave up.
    other = running(cluster) if process.poll() is not None else None
    if other is not None:
        return other
    what = f"was not ready in {_START_SECONDS:.0f} s" if process.returncode is None else "ended at once"
    raise ConnectionFailed(
        f"The embedded PostgreSQL {what}. Its data is untouched. The end of {cluster.log}:\n"
        f"{_last_lines(cluster.log.read_bytes())}"
    )


def running(cluster: Cluster) -> Postmaster | None:
    """The cluster's server if it runs; waits, up to two minutes, for one that is about to be ready."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        postmaster = _read(cluster)
        if postmaster is None or not _listens(postmaster):
            return None
        if postmaster.ready or time.monotonic() > deadline:
            return postmaster
        time.sleep(0.01)


def shut_down(cluster: Cluster, process: Process | None) -> None:
    """Stops the server, if there is one: open transactions are rolled back, what is committed is written.

    `process` is the server if this process started it. Raises ConnectionFailed if it takes more than two
    minutes.
    """
    if process is not None and process.poll() is None:
        _interrupt(process.pid, lambda: process.poll() is None)
        return
    postmaster = _read(cluster)
    if postmaster is not None and _listens(postmaster):
        _interrupt(postmaster.pid, lambda: _is_left(cluster, postmaster.pid))


def _interrupt(pid: int, is_left: Callable[[], bool]) -> None:
    """SIGINT is PostgreSQL's fast shutdown: https://www.postgresql.org/docs/current/server-shutdown.html"""
    with contextlib.suppress(ProcessLookupError):  # it ended by itself meanwhile
        os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + _STOP_SECONDS
    while is_left():
        if time.monotonic() > deadline:
            raise ConnectionFailed(
                f"The embedded PostgreSQL, process {pid}, did not stop in {_STOP_SECONDS:.0f} s"
            )
        time.sleep(0.01)


def _is_left(cluster: Cluster, pid: int) -> bool:
    """Whether the server is still there; it removes its file last, and a dead one's file stays."""
    postmaster = _read(cluster)
    if postmaster is None or postmaster.pid != pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _read(cluster: Cluster) -> Postmaster | None:
    """`postmaster.pid`; None if there is none, it is not whole yet, or it names another data folder."""
    try:
        lines = os.fsdecode((cluster.data / "postmaster.pid").read_bytes()).splitlines()
    except FileNotFoundError:
        return None
    if len(lines) < 5 or lines[1] != str(cluster.data) or not lines[0].isdecimal():
        return None
    return Postmaster(int(lines[0]), Path(lines[4]), len(lines) > 7 and lines[7].strip() == "ready")


def _listens(postmaster: Postmaster) -> bool:
    """Whether that very process listens on the socket: a file that was left by a crash names a pid that may
    be anybody's by now, and only a pid that passes this is ever sent a signal."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(10)
        try:
            client.connect(str(postmaster.sockets / f".s.PGSQL.{PORT}"))
        except OSError:
            return False
        if sys.platform != "linux":
            return True
        # Who called listen(), as the kernel knows it: https://man7.org/linux/man-pages/man7/unix.7.html
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return bool(struct.unpack("3i", credentials)[0] == postmaster.pid)


def _last_lines(said: bytes) -> str:
    return "\n".join(said.decode("utf-8", "replace").splitlines()[-_LOG_LINES:])
