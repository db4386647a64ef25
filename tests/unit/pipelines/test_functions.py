"""Models in Python, as they are read: keys, parameters, code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stepladder.config import Project, Source
from stepladder.errors import ModelError
from stepladder.pipelines.linting import lint_models
from stepladder.pipelines.model import Function, Model
from stepladder.pipelines.read import read_models
from stepladder.sql import TableName, Window

Write = Callable[..., dict[str, Model]]
IMPORT = "import stepladder as sl\n"


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    (tmp_path / "models").mkdir()
    sources = {"events": Source("events", time="at"), "app.visits": Source("app.visits", "at", "Europe/Rome")}
    return Project(tmp_path, "shop", None, "Europe/Berlin", {}, {"rate": 3}, sources)


@pytest.fixture
def write(shop: Project) -> Write:
    """Write files (paths from the project's folder) and read the project."""

    def written(**files: str) -> dict[str, Model]:
        for name, text in files.items():
            path = shop.folder / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return {model.name: model for model in read_models(shop)}

    return written


def function(model: Model) -> Function:
    assert isinstance(model.body, Function)
    return model.body


# -- what a decorator says
def test_a_function_is_a_model_of_its_name(write: Write) -> None:
    text = f"{IMPORT}@sl.model\ndef totals(daily, app): return None\n"
    model = write(models__daily=f"{IMPORT}@sl.model()\ndef daily(): return []\n", models__totals=text)[
        "totals"
    ]
    assert (model.kind, model.time, model.every) == ("table", None, None)
    assert model.reads == model.whole == (TableName(None, "daily"), TableName(None, "app"))
    assert (function(model).frame, function(model).takes_run, function(model).columns) == (
        "pandas",
        False,
        None,
    )
    assert function(model).call(1, 2) is None


def test_a_file_may_hold_several_models_and_helpers(write: Write) -> None:
    text = f"{IMPORT}def half(x): return x / 2\n@sl.model\ndef a(): ...\n@sl.model\ndef b(a): ...\n"
    assert list(write(models__both=text, models__sales__c=f"{IMPORT}@sl.model\ndef c(): ...\n")) == [
        "a",
        "b",
        "c",
    ]


def test_inputs_are_cut_by_the_time_of_models_and_sources(write: Write) -> None:
    decorator = "@sl.model(time='day', every='day', inputs={'visits': 'app.visits'}, frame='polars')"
    model = write(
        models__a=f"{IMPORT}@sl.model(time='t', every='hour', time_is='UTC')\ndef a(events): ...",
        models__b=f"{IMPORT}{decorator}\ndef b(a, events, visits, users, run, factor=2): ...",
    )["b"]
    assert model.windows == (
        Window(TableName(None, "a"), "t", zone="UTC"),
        Window(TableName(None, "events"), "at"),
        Window(TableName("app", "visits"), "at", zone="Europe/Rome"),
    )
    assert model.whole == (TableName(None, "users"),)
    assert (function(model).takes_run, function(model).frame) == (True, "polars")


def test_a_table_that_is_made_whole_reads_whole(write: Write) -> None:
    assert write(models__a=f"{IMPORT}@sl.model\ndef a(events): ...")["a"].windows == ()


def test_columns_are_types(write: Write) -> None:
    text = f"{IMPORT}@sl.model(columns={{'a': 'numeric(10,2)', 'b': 'int'}}, comments={{'a': 'euros'}})\ndef m(): ..."
    model = write(models__m=text)["m"]
    assert [f"{column.name} {column.type}" for column in function(model).columns or ()] == [
        "a numeric(10,2)",
        "b integer",
    ]
    assert model.column_comments == {"a": "euros"}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("@sl.model(evry='day')\ndef m(): ...", 2, r"unknown key 'evry'.*Did you mean 'every'"),
        ("\n@sl.model(frame='pandsa')\ndef m(): ...", 3, r"Did you mean 'pandas'"),
        ("@sl.model(columns={'a': 'intt'})\ndef m(): ...", 2, "intt"),
        ("@sl.model(columns=['a'])\ndef m(): ...", 2, "columns are the output's types"),
        ("@sl.model(kind='view')\ndef m(): ...", 2, "a view is a SELECT"),
        ("@sl.model(key='a')\ndef m(): ...", 2, "key must be a list"),
        ("@sl.model\ndef m(*tables): ...", 2, "says no table"),
        ("@sl.model(inputs={'evnts': 'app.e'})\ndef m(events): ...", 2, "Did you mean 'events'"),
        (
            "@sl.model(time='a', every='day')\ndef m(users): ...",
            2,
            "nothing that it is given depends on the interval",
        ),
        ("@sl.model\ndef M(): ...", 2, "no plain table name"),
        (f"@sl.model\ndef {'m' * 64}(): ...", 2, "64 bytes"),
        ("def m(:\n  ...", 2, "no valid Python"),
        ("def f():\n  import nothing_such\n\nf()", 5, "ModuleNotFoundError: No module named 'nothing_such'"),
        ("1 / 0", 2, "ZeroDivisionError: division by zero"),
        ("@sl.model\ndef m(): ...\n@sl.model\ndef m(): ...", 5, "another model is called m, in line 3"),
        ("@sl.model\nclass M: ...", 2, "sl.model marks a function"),
    ],
)
def test_what_is_wrong_is_refused_with_file_and_line(write: Write, text: str, line: int, said: str) -> None:
    with pytest.raises(ModelError, match=said) as caught:
        write(models__m=IMPORT + text)
    if "depends on" not in said and "import" not in text:
        assert (caught.value.file, caught.value.line) == ("models/m.py", line)


def test_a_wrapped_function_is_of_the_file_that_marks_it(write: Write) -> None:
    wrapper = "def twice(call):\n    def run(): return call() + call()\n    run.__name__ = call.__name__\n    return run\n"
    text = f"{IMPORT}from lib.wrap import twice\n@sl.model\n@twice\ndef m(): return [1]\n"
    found = write(lib__wrap=wrapper, models__m=text, models__other="from models.m import m\n")
    assert (list(found), function(found["m"]).call()) == (["m"], [1, 1])
    assert "twice" in function(found["m"]).code
    assert "call ( ) + call ( )" in function(found["m"]).code


def test_what_a_model_prints_is_no_data(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    model = write(models__m=f"{IMPORT}print('loaded')\n@sl.model\ndef m(): print('called', end='!')")["m"]
    function(model).call()
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "loaded\ncalled!")


# -- modules
def test_a_project_is_loaded_without_traces(write: Write, shop: Project) -> None:
    before, path = set(sys.modules), list(sys.path)
    helpers = "class Kept: pass\ndef value(): return 7\n"
    imports = f"{IMPORT}import json\nfrom lib.json import value\nfrom .near import one\n"
    text = f"{imports}@sl.model\ndef m(): return value() + one, json.dumps(1)"
    model = write(lib__json=helpers, models__near="import json\none = 1\n", models__m=text)["m"]
    assert function(model).call() == (8, "1")
    assert sys.path == path
    assert all(name.startswith("stepladder") for name in set(sys.modules) - before)
    assert not list(shop.folder.rglob("__pycache__"))


def test_imports_work_while_a_function_runs_and_of_dataclasses(write: Write) -> None:
    helper = "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n"
    text = f"{IMPORT}@sl.model\ndef m():\n    import pkg.points\n    return pkg.points.P(3).x"
    assert function(write(pkg__points=helper, models__m=text)["m"]).call() == 3


def test_each_reading_sees_the_files_as_they_are(write: Write) -> None:
    text = f"{IMPORT}from helper import v\n@sl.model\ndef m(): return v"
    first = function(write(helper="v = 1", models__m=text)["m"])
    assert (first.call(), function(write(helper="v = 22")["m"]).call(), first.call()) == (1, 22, 1)


# -- code
BODY = '''"""Models."""
import stepladder as sl
from lib.clean import tidy
from lib import other

RATE = 0.19
UNUSED = 1

def helper(x):
    """What it does."""
    return x * RATE  # a remark

@sl.model(time="day", every="day", owner="ada")
def metrics(events, run):
    """The model."""
    name = f"{run.start}:{helper(1)!r}"

    return tidy(events), name

@sl.model
def second(metrics):
    return other.thing(metrics)
'''


def hashes(write: Write, **files: str) -> tuple[str, str]:
    found = write(
        **{"models__m": BODY, "lib__clean": "def tidy(x): return x", "lib__other": "thing = len", **files}
    )
    return found["metrics"].code_hash, found["second"].code_hash


@pytest.mark.parametrize(
    "files",
    [
        {"models__m": BODY.replace("# a remark", "# another one, here")},
        {"models__m": BODY.replace('    """What it does."""\n', "")},
        {"models__m": BODY.replace('"""The model."""', '"""Other words."""')},
        {"models__m": BODY.replace("x * RATE", "x  *  RATE")},
        {"models__m": BODY.replace('owner="ada"', 'owner="eve", tags=["a"]')},
        {"models__m": BODY.replace("UNUSED = 1", "UNUSED = 2")},
        {"models__m": BODY.replace("\n\n", "\n\n\n")},
        {
            "lib__clean": '"""Cleans."""\n\ndef tidy(x):\n    # carefully\n    return x\n'.replace(
                "\n    # carefully\n    ", " "
            )
        },
        {"lib__unrelated": "v = 2"},
    ],
)
def test_what_changes_no_row_is_no_code(write: Write, files: dict[str, str]) -> None:
    assert hashes(write, **files) == hashes(write)


@pytest.mark.parametrize(
    ("files", "first", "second"),
    [
        ({"models__m": BODY.replace("RATE = 0.19", "RATE = 0.2")}, True, False),
        ({"models__m": BODY.replace("x * RATE", "x / RATE")}, True, False),
        ({"models__m": BODY.replace("{run.start}:", "{run.start} :")}, True, False),
        ({"models__m": BODY.replace('every="day"', 'every="hour"')}, True, False),
        ({"models__m": BODY.replace("    name = f", "    if run:\n        name = f")}, True, False),
        ({"lib__clean": "def tidy(x): return x[1:]"}, True, False),
        ({"lib__clean": "from lib.deep import y\ndef tidy(x): return x", "lib__deep": "y = 1"}, True, False),
        ({"lib__other": "thing = max"}, False, True),
        ({"models__m": BODY.replace("thing(metrics)", "thing(metrics, 1)")}, False, True),
    ],
)
def test_a_change_makes_those_models_stale_that_need_it(
    write: Write, files: dict[str, str], first: bool, second: bool
) -> None:
    before, after = hashes(write), hashes(write, **files)
    assert (before[0] != after[0], before[1] != after[1]) == (first, second)


def test_a_helper_of_a_helper_counts(write: Write) -> None:
    clean = "from lib.deep import y\ndef tidy(x): return x + y"
    before = hashes(write, lib__clean=clean, lib__deep="y = 1")
    after = hashes(write, lib__clean=clean, lib__deep="y = 2")
    assert (before[0] != after[0], before[1] != after[1]) == (True, False)


def test_the_code_is_steady_across_pythons(write: Write) -> None:
    """Python 3.12 parts an f-string into tokens, 3.11 does not: the hash in a ledger must not move."""
    text = f"{IMPORT}@sl.model\ndef m(run):\n    x = f'a{{run!r:>{{8}}}} b' 'c'\n    return [x]\n"
    code = "def m ( run ) : \n  x = f'a{run!r:>{8}} b' 'c' \n  return [ x ]"
    assert function(write(models__m=text)["m"]).code == code


def test_values_of_the_project_count_where_the_function_may_take_them(write: Write, shop: Project) -> None:
    text = f"{IMPORT}@sl.model\ndef a(run): return run.vars['rate']\n@sl.model\ndef b(run): return run.now\n"
    found = write(models__m=text)
    assert (found["a"].settings, found["b"].settings) == ("rate=3", "")


def test_lint_knows_python_and_seeds(write: Write, shop: Project) -> None:
    (shop.models / "countries.csv").write_text("code:text,vat:numeric(4,2)\n")
    (shop.models / "worse.sql").write_text("SELECT code, vta, day FROM countries, daily")
    write(models__daily=f"{IMPORT}@sl.model(columns={{'day': 'date'}})\ndef daily(): ...")
    (finding,) = lint_models(shop, None, ())
    assert (finding.file, finding.line, finding.severity) == ("models/worse.sql", 1, "error")
    assert "vta" in finding.what
    (shop.models / "bad.py").write_text("def f(:")
    assert [each.file for each in lint_models(shop, None, ())] == ["models/bad.py", "models/worse.sql"]
