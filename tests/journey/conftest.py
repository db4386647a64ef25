"""The command line, from outside: a process, its words, its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from stepladder.cli.main import main


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def stepladder() -> Callable[..., Ended]:
    """Run `stepladder` with these arguments in `cwd`."""

    def run(*arguments: str, cwd: Path, expect: int | None = 0, **environment: str) -> Ended:
        names = ("PATH", "HOME", "LANG", "XDG_DATA_HOME", "TMPDIR", "PYTHONPATH")
        given = {name: value for name in names if (value := os.environ.get(name))}
        ended = subprocess.run(
            [sys.executable, "-m", "stepladder", *arguments],
            cwd=cwd,
            env={**given, **environment},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        found = Ended(ended.returncode, ended.stdout, ended.stderr)
        if expect is not None:
            assert found.code == expect, f"exit {found.code}\n{found.out}\n{found.err}"
        assert "Traceback" not in found.err, found.err
        return found

    return run


@pytest.fixture
def in_process(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """The same without a process of its own, for tests that call it often, on every engine."""

    def run(*arguments: str, cwd: Path, expect: int = 0) -> Ended:
        monkeypatch.chdir(cwd)
        capsys.readouterr()
        try:
            code = main(arguments)
        except SystemExit as left:  # the parser's, of words that it does not know
            code = int(left.code or 0)
        found = Ended(code, *capsys.readouterr())
        assert code == expect, f"exit {code}\n{found.out}\n{found.err}"
        return found

    return run
