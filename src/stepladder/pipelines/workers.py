"""Which work may begin, and who does it: one after another in this thread, or several at once in threads."""

from __future__ import annotations

import threading
from bisect import bisect
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import Generic, Protocol, TypeVar

from stepladder import ledger
from stepladder.db import Database
from stepladder.errors import Error
from stepladder.ledger import Run
from stepladder.pipelines.grid import Span
from stepladder.pipelines.plan import Plan, Work

_BEAT_SECONDS = 15.0
_CANCEL_SECONDS = 0.2
_LOOK_SECONDS = 0.5
S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)


class Queue:
    """The work of a plan that is not over. Of each model the next piece may begin when nothing that it reads, that counts
    for it, is still to be done. `upstream` are the models that each one reads, `needed` which part of one."""

    def __init__(
        self,
        plan: Plan,
        upstream: Mapping[str, Sequence[str]],
        needed: Callable[[Work, str], Span] = lambda work, _: (work.start, work.end),
    ) -> None:
        self._waiting = {model.name: list(model.work) for model in plan.models if model.work}
        self._running: dict[str, list[Work]] = {}
        self._last: dict[str, list[Work]] = {}
        self._from_newest: set[str] = set()
        self._upstream = upstream
        self._needed = needed

    def __bool__(self) -> bool:
        return bool(self._waiting or self._running or self._last)

    def ready(self, places: int, alone: Container[str]) -> Iterator[Work]:
        """At most so many pieces that may begin now: from here on they run. `alone` are the models whose next piece
        makes the table, or cuts it anew: all others come after it."""
        for model in [*self._waiting, *self._last]:
            while places > 0 and (work := self._next(model, alone)) is not None:
                self._running.setdefault(model, []).append(work)
                places -= 1
                yield work

    def _next(self, model: str, alone: Container[str]) -> Work | None:
        waiting = self._waiting.get(model)
        if self._running.get(model) and (model in alone or not waiting):
            return None
        if not waiting:
            return self._pop(self._last, model, -1 if model in self._from_newest else 0)
        for name in self._upstream[model]:
            start, end = self._needed(waiting[0], name)
            if any(name in alone or (start < other.end and end > other.start) for other in self._left(name)):
                return None
        return self._pop(self._waiting, model)

    def _pop(self, pieces: dict[str, list[Work]], model: str, place: int = 0) -> Work | None:
        if model not in pieces:
            return None
        work = pieces[model].pop(place)
        if not pieces[model]:
            del pieces[model]
        return work

    def _left(self, model: str) -> Iterable[Work]:
        for pieces in (self._running, self._waiting, self._last):
            yield from pieces.get(model, ())

    def others(self, work: Work) -> bool:
        """Whether more of its model is left than this piece, which runs."""
        return sum(1 for _ in self._left(work.model)) > 1

    def again(self, work: Work, *, turn: bool) -> None:
        """A piece that ran is to be tried again, alone, when nothing else of its model is left. Such pieces come in the order
        of their days; `turn`: from now on from the other end."""
        self.over(work)
        last = self._last.setdefault(work.model, [])
        last.insert(bisect(last, work.start, key=lambda each: each.start), work)
        if turn:
            self._from_newest ^= {work.model}

    def over(self, work: Work) -> None:
        """A piece that was ready() is done, or given up."""
        running = self._running[work.model]
        running.remove(work)
        if not running:
            del self._running[work.model]


class Workers(Protocol[S_co]):
    """Whoever does the work; `busy` is at how many pieces of it they are."""

    @property
    def busy(self) -> int: ...

    def start(self, work: Work) -> None: ...

    def finished(self) -> Iterator[S_co]:
        """What became of the pieces that are over; waits for one."""
        ...


class _Here(Generic[S]):
    """Work is done where it is started: SQLite has one writer."""

    def __init__(self, task: Callable[[Work], S]) -> None:
        self._task = task
        self._done: list[S] = []

    @property
    def busy(self) -> int:
        return len(self._done)

    def start(self, work: Work) -> None:
        self._done.append(self._task(work))

    def finished(self) -> Iterator[S]:
        while self._done:
            yield self._done.pop()


class _Threads(Generic[S]):
    def __init__(self, pool: ThreadPoolExecutor, task: Callable[[Work], S]) -> None:
        self._pool = pool
        self._task = task
        self.running: set[Future[S]] = set()

    @property
    def busy(self) -> int:
        return len(self.running)

    def start(self, work: Work) -> None:
        self.running.add(self._pool.submit(self._task, work))

    def finished(self) -> Iterator[S]:
        done: set[Future[S]] = set()
        while not done:
            # Not without end: a signal that another thread was given does not wake this one, which has to act upon it.
            done, self.running = wait(self.running, _LOOK_SECONDS, FIRST_COMPLETED)
        for future in done:
            yield future.result()


@contextmanager
def workers(db: Database, run: Run, jobs: int, task: Callable[[Work], S]) -> Iterator[Workers[S]]:
    """Whoever does the work of `run`, each piece by `task`: on a block's early end (Ctrl-C, a lost server) the statements that run are
    cancelled, and nothing is left running."""
    if jobs == 1:
        with _beating(db, run):
            yield _Here(task)
        return
    with _beating(db, run), ThreadPoolExecutor(jobs, "stepladder-run") as pool:
        threads = _Threads(pool, task)
        try:
            yield threads
        except BaseException:
            _stop(db, threads)
            raise


def _stop(db: Database, threads: _Threads[S]) -> None:
    """Between two statements there is nothing to cancel: cancel until all have ended."""
    for future in threads.running:
        future.cancel()
    left = threads.running
    while left:
        db.cancel()
        left = wait(left, timeout=_CANCEL_SECONDS).not_done


@contextmanager
def _beating(db: Database, run: Run) -> Iterator[None]:
    """Meanwhile the ledger hears that the run lives. On SQLite nobody asks: a file's runs are on one machine."""
    if db.target.is_sqlite:
        yield
        return
    over = threading.Event()

    def beat() -> None:
        while not over.wait(_BEAT_SECONDS):
            with suppress(Error):  # the work itself will say that the server is gone
                ledger.beat(db, run)

    thread = threading.Thread(target=beat, name="stepladder-beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
