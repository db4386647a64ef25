"""A child of this process that kills itself at a named point of a run, or stops itself there: nothing of it is cleaned up.

It is forked, not started: what is patched in it is patched nowhere else, and nothing has to be imported anew.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pkgutil import resolve_name
from typing import Any

Condition = Callable[..., bool]


@dataclass(frozen=True)
class Point:
    """The `nth` call of a function, `where` as "package.module:name"; before it, or when it has returned. `of` chooses among
    the calls by their arguments."""

    where: str
    after: bool = False
    nth: int = 1
    of: Condition = lambda *_, **__: True

    def arm(self, number: int) -> None:
        """From here on this process sends itself the signal at this point."""
        module, _, name = self.where.partition(":")
        holder_name, _, attribute = name.rpartition(".")
        holder = resolve_name(f"{module}:{holder_name}" if holder_name else module)
        function, calls = getattr(holder, attribute), iter(range(1, 1 << 30))

        @wraps(function)
        def armed(*arguments: Any, **named: Any) -> Any:
            here = self.of(*arguments, **named) and next(calls) == self.nth
            if here and not self.after:
                os.kill(os.getpid(), number)
            result = function(*arguments, **named)
            if here and self.after:
                os.kill(os.getpid(), number)
            return result

        setattr(holder, attribute, armed)


def forked(work: Callable[[], object]) -> int:
    """Start a child that does this and nothing else; its process number."""
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
    except BaseException:  # noqa: BLE001 - said here, for it is seen nowhere else
        traceback.print_exc()
        os._exit(99)
    os._exit(0)


def dies_at(point: Point, work: Callable[[], object]) -> None:
    """Do this in a child that is killed at the point."""

    def armed() -> None:
        point.arm(signal.SIGKILL)
        work()

    _, status = os.waitpid(forked(armed), 0)
    assert os.WIFSIGNALED(status), f"it never came to {point.where}: exit {os.waitstatus_to_exitcode(status)}"
    assert os.WTERMSIG(status) == signal.SIGKILL


def stops_at(point: Point, work: Callable[[], object]) -> int:
    """Do this in a child that is stopped at the point, as if frozen; its process number. SIGCONT wakes it."""

    def armed() -> None:
        point.arm(signal.SIGSTOP)
        work()

    pid = forked(armed)
    _, status = os.waitpid(pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), f"it never came to {point.where}: exit {os.waitstatus_to_exitcode(status)}"
    return pid
