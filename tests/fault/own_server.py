"""A server of a test's own, that it may end and start again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stepladder.db import embedded
from stepladder.errors import ConnectionFailed


@dataclass
class Server:
    """An embedded server of the test's own."""

    folder: Path
    url: str

    def end(self, number: int) -> None:
        """Send its first process a signal, and wait until all of it has gone."""
        data = embedded.cluster_folder(self.folder) / "data"
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, number)
        hold = embedded._holds[embedded.cluster_folder(self.folder)]
        assert hold.server is not None
        hold.server.wait(60)

    def start(self) -> None:
        end = time.monotonic() + 60
        while True:
            try:
                assert embedded.start(self.folder) == self.url
            except ConnectionFailed:  # what a killed one has left still uses its memory
                assert time.monotonic() < end
                time.sleep(0.05)
            else:
                return


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    yield Server(folder, embedded.start(folder))
    embedded.remove(folder)
