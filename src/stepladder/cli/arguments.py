"""Every verb and its options. Only argparse is imported here: `stepladder --help` starts as fast as Python does."""

from __future__ import annotations

import argparse
from typing import TypeAlias

from stepladder import __version__

_EXIT_CODES = """\
exit codes: 0 done · 1 a check, test or comparison failed, or rows were refused · 2 found before work started (usage,
configuration, a model that cannot be read) · 3 database, network or disk · 4 a model failed while running · 5 another
live run holds the work · 70 a defect of ours · 130, 143 interrupted"""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    root = argparse.ArgumentParser(
        prog="stepladder",
        description="Write a data pipeline once, in PostgreSQL's SQL; prototype it on a SQLite file, run it on PostgreSQL.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.add_argument("--version", action="version", version=f"stepladder {__version__}")
    verbs = root.add_subparsers(dest="verb", required=True, metavar="VERB")
    _init(verbs)
    _demo(verbs)
    _load(verbs)
    _query(verbs)
    _explain(verbs)
    _tables(verbs)
    _doctor(verbs)
    _lint(verbs)
    _adopt(verbs)
    _plan(verbs)
    _run(verbs)
    _status(verbs)
    _check(verbs)
    _test(verbs)
    _diff(verbs)
    _schedule(verbs)
    _prove(verbs)
    _experiment(verbs)
    _report(verbs)
    _drop(verbs)
    return root


_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _verb(verbs: _Verbs, name: str, text: str) -> argparse.ArgumentParser:
    return verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _target(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--target",
        metavar="NAME|URL",
        help="a target of stepladder.toml, or a URL (default: the project's default)",
    )


def _json(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--json", action="store_true", help="one JSON object on standard output")


def _statement(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("sql", metavar="SQL", help="the statement; - reads it from standard input")
    verb.add_argument(
        "-p",
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a value for :NAME; repeatable",
    )


def _span(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "models",
        nargs="*",
        metavar="MODEL",
        help="these models and what they read (default: all): a name, sess*, +name (and what it reads), name+ (and what "
        "reads it), tag:X, owner:X, state:failed|stale|missing",
    )
    verb.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="MODEL",
        help="but not these; the same words; repeatable",
    )
    verb.add_argument(
        "--no-upstream", dest="upstream", action="store_false", help="only the models that are named"
    )
    verb.add_argument("--start", metavar="DATE", help="first day, in the project's time zone, as 2026-03-08")
    verb.add_argument("--end", metavar="DATE", help="the day after the last one")
    verb.add_argument(
        "--now", metavar="TIME", help="take this for the present: only days that are over are run"
    )


def _redo(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--redo", action="store_true", help="do finished days again")
    verb.add_argument(
        "--rebuild", action="store_true", help="make the whole history anew, columns of other types too"
    )
    verb.add_argument(
        "--deep", action="store_true", help="compare the sources of all days, not only of the last ones"
    )
    verb.add_argument(
        "--forward", action="store_true", help="leave what older code has made; new days get the new code"
    )


def _init(verbs: _Verbs) -> None:
    verb = _verb(verbs, "init", "make a small working project in a new folder")
    verb.add_argument("name", metavar="NAME", help="the folder, and the project's name")
    verb.add_argument(
        "--timezone", default="UTC", metavar="ZONE", help="the zone whose midnight ends a day (default: UTC)"
    )


def _demo(verbs: _Verbs) -> None:
    verb = _verb(
        verbs, "demo", "the whole story on a made-up shop, with a real PostgreSQL, in under a minute"
    )
    verb.add_argument(
        "folder", nargs="?", default="stepladder-demo", metavar="FOLDER", help="default: ./stepladder-demo"
    )
    verb.add_argument(
        "--users", type=int, default=1000, metavar="N", help="the size of the shop (default: 1000)"
    )
    _json(verb)


def _load(verbs: _Verbs) -> None:
    verb = _verb(verbs, "load", "write a file's rows into a table, all or nothing")
    verb.add_argument(
        "file",
        metavar="FILE",
        help=".csv or .jsonl, also .gz; .parquet; a web server log with --format combined",
    )
    verb.add_argument("--into", required=True, metavar="TABLE")
    verb.add_argument("--mode", required=True, choices=["append", "replace", "upsert", "replace_where"])
    verb.add_argument(
        "--key",
        action="append",
        metavar="COLUMN",
        help="for upsert, and to find equal keys in the data; with --create the primary key; repeatable",
    )
    verb.add_argument(
        "--where",
        metavar="SQL",
        help="for replace_where: the rows that go first; the new ones must be such rows",
    )
    verb.add_argument(
        "-p",
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a value for :NAME in --where; repeatable",
    )
    verb.add_argument(
        "--on-duplicate",
        choices=["error", "first", "last"],
        default="error",
        help="which row counts where the data holds several of a key (default: error)",
    )
    verb.add_argument("--create", action="store_true", help="make the table where it is missing")
    verb.add_argument(
        "--format", choices=["csv", "jsonl", "parquet", "combined"], help="default: by the file's name"
    )
    verb.add_argument(
        "--once", metavar="TOKEN", help="do nothing when a load with this token has succeeded before"
    )
    verb.add_argument(
        "--rejects", choices=["table"], help="keep rows that do not fit in TABLE_rejects (default for logs)"
    )
    _target(verb)
    _json(verb)


def _query(verbs: _Verbs) -> None:
    verb = _verb(verbs, "query", "run one statement of PostgreSQL's SQL and print its rows")
    _statement(verb)
    form = verb.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="CSV (RFC 4180) on standard output")
    form.add_argument("--json", action="store_true", help="an array of objects on standard output")
    form.add_argument("--parquet", metavar="FILE", help="write FILE, whole or not at all")
    verb.add_argument("--limit", type=int, metavar="N", help="stop after N rows (default: all)")
    _target(verb)


def _explain(verbs: _Verbs) -> None:
    verb = _verb(
        verbs, "explain", "how the engine means to run a statement, what is slow in it, what would help"
    )
    _statement(verb)
    verb.add_argument("--analyze", action="store_true", help="run it, measure it, and roll it back")
    _target(verb)
    _json(verb)


def _tables(verbs: _Verbs) -> None:
    verb = _verb(verbs, "tables", "what tables there are; or some of them whole")
    verb.add_argument(
        "tables",
        nargs="*",
        metavar="TABLE",
        help="show these whole: columns, keys, checks, indexes, comments",
    )
    _target(verb)
    _json(verb)


def _doctor(verbs: _Verbs) -> None:
    verb = _verb(verbs, "doctor", "what is set, from where, and what to mend; writes nothing")
    _target(verb)
    _json(verb)


def _lint(verbs: _Verbs) -> None:
    verb = _verb(
        verbs, "lint", "what is not portable, wrong, slow, or left to chance; writes nothing without --fix"
    )
    verb.add_argument(
        "paths",
        nargs="*",
        metavar="MODEL|PATH|-",
        help="models, .sql files, folders; - is standard input (default: all models)",
    )
    verb.add_argument(
        "--from",
        dest="dialect",
        choices=["sqlite", "psycopg2"],
        help="the SQL is a prototype's: show it as PostgreSQL's, with :name parameters",
    )
    verb.add_argument("--fix", action="store_true", help="with --from: write the files")
    _target(verb)
    _json(verb)


def _adopt(verbs: _Verbs) -> None:
    verb = _verb(
        verbs,
        "adopt",
        "find the PostgreSQL types of a SQLite file that another program made; writes nothing without --apply",
    )
    verb.add_argument("file", metavar="FILE", help="the SQLite file")
    verb.add_argument(
        "--apply",
        action="store_true",
        help="rewrite its tables to hold these types, in a copy that takes the file's place once every value was compared",
    )
    verb.add_argument(
        "--type",
        action="append",
        default=[],
        metavar="TABLE.COLUMN=TYPE",
        help="the column's type, where the file cannot tell it: orders.at=timestamptz (a value without a zone is UTC's); "
        "a number that counts from 1970 as orders.at=timestamptz:epoch_s, epoch_ms or epoch_us; repeatable",
    )
    verb.add_argument(
        "--leave",
        action="append",
        default=[],
        metavar="TABLE",
        help="leave this table, view or trigger as it is; repeatable",
    )
    _json(verb)


def _plan(verbs: _Verbs) -> None:
    verb = _verb(verbs, "plan", "what there is to do, and why; writes nothing")
    verb.add_argument("--fail-if-work", action="store_true", help="exit code 1 when there is work to do")
    _span(verb)
    _redo(verb)
    _target(verb)
    _json(verb)


def _run(verbs: _Verbs) -> None:
    verb = _verb(verbs, "run", "bring the models up to date")
    _span(verb)
    _redo(verb)
    verb.add_argument(
        "--wait",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="for another run that holds the work (default: 60)",
    )
    verb.add_argument(
        "--jobs",
        type=_number,
        default=4,
        metavar="N",
        help="so many intervals at once, on a server (default: 4)",
    )
    verb.add_argument("--limit", type=_number, metavar="N", help="end after N pieces of work")
    verb.add_argument(
        "--yes", action="store_true", help="redo a long history for an edit, without asking for this option"
    )
    verb.add_argument(
        "--rename",
        nargs=2,
        metavar=("OLD", "NEW"),
        help="first give the table of the model OLD to the model NEW",
    )
    _target(verb)
    _json(verb)


def _selectors(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "models", nargs="*", metavar="MODEL", help="these models, in the words of `run` (default: all)"
    )
    verb.add_argument(
        "--exclude", action="append", default=[], metavar="MODEL", help="but not these; repeatable"
    )


def _status(verbs: _Verbs) -> None:
    verb = _verb(verbs, "status", "how far every model is, what failed, what runs; reads the ledger only")
    _selectors(verb)
    verb.add_argument(
        "--max-age",
        metavar="TIME",
        help="exit code 1 when a model's last good run is older, as 26h: a dead man's switch",
    )
    _target(verb)
    _json(verb)


def _check(verbs: _Verbs) -> None:
    verb = _verb(
        verbs, "check", "ask the header's checks of the tables as they are now; exit code 1 when one fails"
    )
    _selectors(verb)
    verb.add_argument(
        "--start", metavar="DATE", help="only rows from this day on, in the project's time zone"
    )
    verb.add_argument("--end", metavar="DATE", help="only rows before this day")
    _target(verb)
    _json(verb)


def _test(verbs: _Verbs) -> None:
    verb = _verb(
        verbs,
        "test",
        "run the model tests: on SQLite in memory, on a target, or on both; leaves nothing there",
    )
    verb.add_argument(
        "tests", nargs="*", metavar="TEST", help="names of files in tests/, without .test (default: all)"
    )
    verb.add_argument(
        "--both",
        action="store_true",
        help="on SQLite and on the target, and both must give the same rows, exactly",
    )
    _target(verb)
    _json(verb)


def _diff(verbs: _Verbs) -> None:
    verb = _verb(
        verbs, "diff", "what a run of a model as it is now would change in its table; writes nothing"
    )
    verb.add_argument("model", metavar="MODEL")
    verb.add_argument("--start", metavar="DATE", help="first day, in the project's time zone, as 2026-03-08")
    verb.add_argument(
        "--end", metavar="DATE", help="the day after the last one (default: the newest seven intervals)"
    )
    verb.add_argument("--against", metavar="NAME|URL", help="compare with the table of this target instead")
    _target(verb)
    _json(verb)


def _schedule(verbs: _Verbs) -> None:
    verb = _verb(
        verbs,
        "schedule",
        "run whenever something comes due, until stopped; or print a timer for cron and others",
    )
    _selectors(verb)
    verb.add_argument(
        "--as",
        dest="kind",
        choices=["cron", "systemd", "kubernetes", "github"],
        help="print what your own scheduler needs instead, which is the better way where you have one",
    )
    verb.add_argument(
        "--recheck",
        metavar="TIME",
        help="look for late rows this often (default: recheck in stepladder.toml, else 15 min)",
    )
    verb.add_argument(
        "--health",
        metavar="HOST:PORT",
        help="serve /live, /ready and /status.json; :8080 is for this machine only",
    )
    _target(verb)
    _json(verb)


def _prove(verbs: _Verbs) -> None:
    verb = _verb(
        verbs,
        "prove",
        "run the models on SQLite and on a server over the same rows, and compare every row of both",
    )
    _span(verb)
    verb.add_argument(
        "--from",
        dest="origin",
        metavar="NAME|URL",
        help="where the input is read, and nothing written (default: the project's default)",
    )
    verb.add_argument(
        "--to",
        required=True,
        metavar="NAME|URL",
        help="the PostgreSQL server to compare with; nothing is left behind there",
    )
    verb.add_argument(
        "--sample",
        type=int,
        metavar="N",
        help="N rows of each input, the newest where it has a time (default: all)",
    )
    _json(verb)


def _experiment(verbs: _Verbs) -> None:
    verb = _verb(verbs, "experiment", "read an A/B test: gates first, then effects; size it, report it")
    steps = verb.add_subparsers(dest="step", required=True, metavar="STEP")
    _analyze(steps)
    _experiment_report(steps)
    _size(steps)
    _validate(steps)


def _named(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "name", metavar="NAME", help="experiments/NAME.toml of the project, or a path ending in .toml"
    )


def _until(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--until",
        metavar="TIME",
        help="leave out what came later, in the project's time zone (default: all there is)",
    )


def _analyze(steps: _Verbs) -> None:
    verb = _verb(steps, "analyze", "look at the experiment, and keep the look")
    _named(verb)
    _until(verb)
    verb.add_argument(
        "--no-store", action="store_true", help="do not keep the look; no sequential verdict then"
    )
    verb.add_argument(
        "--sql", action="store_true", help="print the statement that brings the sums; run nothing"
    )
    _target(verb)
    _json(verb)


def _experiment_report(steps: _Verbs) -> None:
    verb = _verb(steps, "report", "look at the experiment, keep the look, and write reports/NAME.html")
    _named(verb)
    _until(verb)
    _target(verb)
    _json(verb)


def _size(steps: _Verbs) -> None:
    verb = _verb(steps, "size", "how many users, and days, an effect needs, from the tables' own history")
    _named(verb)
    verb.add_argument(
        "--effect",
        type=float,
        metavar="SHARE",
        help="the smallest change worth seeing: 0.05 is 5 %% of the control's value",
    )
    verb.add_argument(
        "--power", type=float, metavar="SHARE", help="the chance to see it (default: the plan's, or 0.8)"
    )
    _target(verb)
    _json(verb)


def _validate(steps: _Verbs) -> None:
    verb = _verb(
        steps,
        "validate",
        "does the method hold on these tables? Arms are drawn anew, so that there is no effect to find",
    )
    _named(verb)
    verb.add_argument("--draws", type=int, default=2000, metavar="N", help="how often (default: 2000)")
    verb.add_argument("--seed", type=int, default=1, metavar="N", help="of the draws (default: 1)")
    _target(verb)
    _json(verb)


def _report(verbs: _Verbs) -> None:
    verb = _verb(verbs, "report", "write reports/index.html, the stakeholders' page")
    _target(verb)
    _json(verb)


def _drop(verbs: _Verbs) -> None:
    verb = _verb(verbs, "drop", "drop a model's table and what the ledger holds of it")
    verb.add_argument("name", metavar="MODEL")
    verb.add_argument("--yes", action="store_true", help="do not ask")
    _target(verb)
