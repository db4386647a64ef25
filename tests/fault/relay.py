"""A relay between a client and a server that drops a connection at a given message, as a lost network does."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

_READY = b"Z\x00\x00\x00\x05"  # the server's last word on what it was asked
_GO_ON = b"G"  # its answer to COPY … FROM STDIN


class Relay:
    """Listens on loopback; `url(driver)` leads through it to the server.

    `lose_request(word)` drops the next connection that sends `word`, before the server sees it; `lose_answer(word)`
    after the server has done it. `dropped` counts.
    """

    def __init__(self, server_url: str) -> None:
        self._server = conninfo_to_dict(server_url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._word: bytes | None = None
        self._done_first = False
        self.dropped = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, driver: str) -> str:
        """For `connect`."""
        user = quote(str(self._server.get("user", "postgres")))
        password = f":{quote(str(found))}" if (found := self._server.get("password")) else ""
        port = self._listener.getsockname()[1]
        where = f"127.0.0.1:{port}/{self._server['dbname']}?sslmode=disable&gssencmode=disable"
        return f"postgresql+{driver}://{user}{password}@{where}"

    def lose_request(self, word: str) -> None:
        self._word, self._done_first = word.encode(), False

    def lose_answer(self, word: str) -> None:
        self._word, self._done_first = word.encode(), True

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(client, self._connect()), daemon=True).start()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, contextlib.suppress(OSError):
            while True:
                ready, _, _ = select.select([client, server], [], [])
                for source in ready:
                    data = source.recv(65536)
                    if not data or (source is client and self._drops(data, server)):
                        return
                    (server if source is client else client).sendall(data)

    def _drops(self, data: bytes, server: socket.socket) -> bool:
        if self._word is None or self._word not in data:
            return False
        self._word = None
        self.dropped += 1
        if self._done_first:
            server.sendall(data)
            answer = b""
            while _READY not in answer and not answer.startswith(_GO_ON):
                answer += server.recv(65536)
        return True

    def _connect(self) -> socket.socket:
        host, port = str(self._server.get("host", "localhost")), self._server.get("port", 5432)
        if not host.startswith("/"):
            return socket.create_connection((host, int(port or 5432)))
        found = socket.socket(socket.AF_UNIX)
        found.connect(f"{host}/.s.PGSQL.{port}")
        return found


@contextmanager
def relay_to(server_url: str) -> Iterator[Relay]:
    """A relay for the length of a block."""
    relay = Relay(server_url)
    try:
        yield relay
    finally:
        relay.close()
