"""What a run is at: on a terminal one live line for each piece of work, elsewhere nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from stepladder.cli.span import when
from stepladder.config import Project
from stepladder.pipelines import Step, Work

_LINES_A_SECOND = 4


class Running:
    """The pieces that are being worked on, and since when. `usual` are the seconds that each model's took before."""

    def __init__(self, project: Project, usual: Mapping[str, float]) -> None:
        self._project = project
        self._usual = usual
        self._begun: dict[Work, float] = {}

    def begin(self, work: Work) -> None:
        self._begun[work] = time.monotonic()

    def end(self, step: Step) -> None:
        self._begun.pop(step.work, None)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for work, begun in list(self._begun.items()):
            usual = self._usual.get(work.model)
            line = Text("  … ", style="yellow")
            line.append(f"{work.model:<22} ", style="blue")
            line.append(f"{when(work, self._project):<11} {time.monotonic() - begun:6.1f} s")
            line.append(f"  usually {usual:.1f} s" if usual else "", style="dim")
            yield line


@contextmanager
def shown_running(say: Console, project: Project, usual: Mapping[str, float]) -> Iterator[Running]:
    """Until the block ends: what is begun and ended in it is shown below what `say` prints."""
    running = Running(project, usual)
    if not say.is_terminal:
        yield running
        return
    with Live(running, console=say, refresh_per_second=_LINES_A_SECOND, transient=True):
        yield running
