"""A few pages over HTTP, from the standard library: is it alive, can it work, how far is everything."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from stepladder.errors import ConfigError, UsageError, redact

Page = Callable[[], tuple[int, str, str]]  # status, type, text
_READ_SECONDS = 10.0


def address(text: str) -> tuple[str, int]:
    """`HOST:PORT` or `:PORT`, which is this machine only. Raises UsageError."""
    host, found, port = text.rpartition(":")
    if not found or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--health {text}: write HOST:PORT, or :8080 for this machine only.")
    return host.strip("[]") or "127.0.0.1", int(port)


@contextmanager
def serving(host: str, port: int, pages: Mapping[str, Page]) -> Iterator[int]:
    """Serve `pages` by path until the block ends; the port. Raises ConfigError where the address is taken."""
    try:
        server = ThreadingHTTPServer((host, port), _handler(pages))
    except OSError as error:
        raise ConfigError(f"--health {host}:{port} cannot be served: {error.strerror or error}.") from error
    thread = threading.Thread(target=server.serve_forever, name="stepladder-health", daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(pages: Mapping[str, Page]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version = "stepladder", ""
        timeout = _READ_SECONDS  # a client that says nothing does not hold a thread for ever

        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0])
            status, kind, text = page() if page else (404, "text/plain", f"there are {', '.join(pages)}\n")
            body = redact(text).encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - http.server's words

        def log_message(self, *_: object) -> None:
            """Nothing: probes come every few seconds."""

    return Handler
