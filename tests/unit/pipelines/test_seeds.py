"""Seeds: CSV files whose first line says the types."""

from __future__ import annotations

from pathlib import Path

import pytest

from stepladder.config import Project
from stepladder.errors import LoadError, ModelError
from stepladder.pipelines.model import Model, Seed
from stepladder.pipelines.read import read_models
from stepladder.pipelines.seeds import MAX_BYTES, seed_rows


def seed(folder: Path, text: str, name: str = "countries") -> Model:
    path = folder / "models" / f"{name}.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode())
    (found,) = read_models(Project(folder, "shop", None, "UTC", {}, {}))
    return found


def columns(model: Model) -> list[str]:
    assert isinstance(model.body, Seed)
    return [f"{column.name} {column.type}" for column in model.body.columns]


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("code:text,vat:numeric(4,2)", ["code text", "vat numeric(4,2)"]),
        ("code,name", ["code text", "name text"]),
        (
            'code, "vat:numeric(4, 2)" ,b : int'.replace(' "', '"').replace('" ,', '",'),
            ["code text", "vat numeric(4,2)", "b integer"],
        ),
        ("\ufeffcode:text,at:timestamptz", ["code text", "at timestamp with time zone"]),
    ],
)
def test_the_header_says_the_types(tmp_path: Path, header: str, found: list[str]) -> None:
    model = seed(tmp_path, f"{header}\n")
    assert (model.name, model.kind, model.reads) == ("countries", "seed", ())
    assert columns(model) == found


def test_rows_are_text_and_nothing_is_null(tmp_path: Path) -> None:
    model = seed(tmp_path, 'code:text,vat:numeric(4,2),name\nde,19.00,"Ger\nmany"\r\nat,,""\n')
    assert seed_rows(model.path) == [("de", "19.00", "Ger\nmany"), ("at", None, "")]


def test_a_row_that_is_none_is_named(tmp_path: Path) -> None:
    model = seed(tmp_path, "a,b\n1,2\n3\n")
    with pytest.raises(LoadError, match=r"countries\.csv, line 3: 1 field where the header has 2"):
        seed_rows(model.path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("a,,b\n", "has no name"),
        ("a:int,a\n", "names 'a' twice"),
        ("a:intt\n", "column 'a': type \"intt\" does not exist"),
        ("a" * (MAX_BYTES + 1), "stepladder load models/countries.csv --into countries"),
    ],
)
def test_a_header_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ModelError, match=said) as caught:
        seed(tmp_path, text)
    assert caught.value.file == "models/countries.csv"


def test_line_ends_are_no_change_and_cells_are(tmp_path: Path) -> None:
    before = seed(tmp_path, "a:int\n1\n").code_hash
    assert seed(tmp_path, "a:int\r\n1\r\n").code_hash == before
    assert seed(tmp_path, "a:int\n2\n").code_hash != before
    assert seed(tmp_path, "a:bigint\n1\n").code_hash != before
