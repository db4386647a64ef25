"""The order of models: upstream first, circles named, selections complete."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepladder.errors import ModelError, UsageError
from stepladder.pipelines.graph import in_order, upstream
from stepladder.pipelines.model import Model, Query
from stepladder.pipelines.plan import ModelPlan, Plan, Work
from stepladder.pipelines.selecting import Selection, select, states_of
from stepladder.sql import TableName


def model(name: str, *reads: str, **keys: Any) -> Model:
    tables = []
    for table in reads:
        schema, _, last = table.rpartition(".")
        tables.append(TableName(schema or None, last))
    return Model(
        name=name,
        path=Path(f"{name}.sql"),
        body=Query("SELECT 1"),
        reads=tuple(tables),
        **keys,
    )


CHAIN = (model("metrics", "sessions", "users"), model("sessions", "events"), model("totals", "metrics"))


def names(models: tuple[Model, ...]) -> list[str]:
    return [found.name for found in models]


def test_upstream_comes_first() -> None:
    assert names(in_order(CHAIN)) == ["sessions", "metrics", "totals"]


def test_among_equals_the_name_decides() -> None:
    assert names(in_order([model("c"), model("a"), model("b")])) == ["a", "b", "c"]
    assert names(in_order([model("a", "z"), model("b"), model("z")])) == ["b", "z", "a"]


def test_only_models_are_upstream() -> None:
    named = {found.name: found for found in CHAIN}
    assert upstream(CHAIN[0], named) == {"sessions"}
    assert upstream(model("x", "public.sessions", "app.metrics"), named) == {"sessions"}


@pytest.mark.parametrize("size", [2, 3, 5])
def test_a_circle_is_named(size: int) -> None:
    ring = [model(f"m{place}", f"m{(place + 1) % size}") for place in range(size)]
    with pytest.raises(ModelError, match="in a circle") as caught:
        in_order([*ring, model("free")])
    shown = caught.value.message.split(": ")[-1].split(". ")[0].split(" → ")
    assert shown[0] == shown[-1]
    assert sorted(shown[1:]) == sorted(names(tuple(ring)))
    reads = {found.name: found.reads[0].name for found in ring}
    assert all(reads[left] == right for left, right in pairwise(shown))
    assert "free" not in caught.value.message


def test_a_model_is_selected_with_all_that_it_reads() -> None:
    ordered = in_order(CHAIN)
    assert names(select(ordered, ["metrics"])) == ["sessions", "metrics"]
    assert names(select(ordered, ["sessions"])) == ["sessions"]
    assert names(select(ordered, [])) == ["sessions", "metrics", "totals"]


SHOP = in_order(
    [
        model("sessions", "events", tags=("nightly",), owner="ada"),
        model("session_pages", "sessions", tags=("nightly", "web")),
        model("metrics", "sessions", "users", owner="eve"),
        model("totals", "metrics", depends=(TableName(None, "users_clean"),)),
        model("users_clean", "users", owner="eve"),
    ]
)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("metrics", "metrics"),
        ("+metrics", "sessions metrics"),
        ("metrics+", "metrics totals"),
        ("+metrics+", "sessions metrics totals"),
        ("sess*", "sessions session_pages"),
        ("sess*+", "sessions metrics session_pages totals"),
        ("tag:web", "session_pages"),
        ("+tag:web", "sessions session_pages"),
        ("owner:eve", "users_clean metrics"),
        ("+totals", "sessions users_clean metrics totals"),
        ("users_clean totals", "users_clean totals"),
        ("state:failed", "metrics"),
        ("state:stale+", "sessions metrics session_pages totals"),
        ("state:missing", ""),
        ("", "sessions users_clean metrics session_pages totals"),
    ],
)
def test_words_mean_models(words: str, meant: str) -> None:
    states = {"metrics": {"failed", "stale"}, "sessions": {"stale"}}
    found = select(SHOP, Selection(words.split(), upstream=False, states=lambda: states))
    assert sorted(names(found)) == sorted(meant.split())
    assert [each for each in SHOP if each in found] == list(found)


def test_what_is_excluded_is_left_out_of_what_is_read_too() -> None:
    assert names(select(SHOP, Selection(["totals"], ["owner:eve"]))) == ["sessions", "totals"]
    assert names(select(SHOP, Selection((), ["metrics+", "tag:web"]))) == ["sessions", "users_clean"]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("sesions", "Did you mean 'sessions'"),
        ("x*", r"no model 'x\*'"),
        ("tag:nightli", r"no tag 'nightli' \(tag:nightli\)\. Did you mean 'nightly'"),
        ("owner:bob", "There are: ada, eve"),
        ("state:stail", "Did you mean 'stale'"),
        ("tga:x", "no selector. Did you mean 'tag'"),
        ("state:stale", "needs a target"),
    ],
)
def test_a_word_that_means_nothing_is_refused(word: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        select(SHOP, [word])


def test_a_plan_says_the_states() -> None:
    start, end = dt.datetime(2026, 3, 1, tzinfo=dt.UTC), dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    work = [Work("a", start, end, 0, reasons) for reasons in (("missing",), ("failed",), ("code", "late"))]
    found = Plan(end, (ModelPlan("a", "interval", tuple(work), 0), ModelPlan("b", "table", (), 1)))
    assert states_of(found) == {"a": {"missing", "failed", "stale"}, "b": set()}


def test_an_unknown_model_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"no model 'metric'\. Did you mean 'metrics'\? There are: "):
        select(in_order(CHAIN), ["metric"])


@st.composite
def graphs(draw: st.DrawFn) -> list[Model]:
    """Models without circles: each reads only some of those that were drawn before it; then shuffled."""
    labels = draw(st.lists(st.sampled_from("abcdefghij"), unique=True, min_size=1))
    drawn = [
        model(label, *draw(st.lists(st.sampled_from([*labels[:place], "raw"]), unique=True)))
        for place, label in enumerate(labels)
    ]
    return draw(st.permutations(drawn))


@given(graphs())
def test_every_model_stands_behind_all_that_it_reads(models: list[Model]) -> None:
    ordered = in_order(models)
    assert sorted(names(ordered)) == sorted(found.name for found in models)
    named = {found.name: found for found in models}
    for place, found in enumerate(ordered):
        assert upstream(found, named) <= set(names(ordered[:place]))


@given(graphs())
def test_the_order_does_not_depend_on_the_order_of_reading(models: list[Model]) -> None:
    assert names(in_order(models)) == names(in_order(list(reversed(models))))


@given(graphs(), st.data())
def test_a_selection_is_closed_and_as_small_as_can_be(models: list[Model], data: st.DataObject) -> None:
    ordered = in_order(models)
    named = {found.name: found for found in ordered}
    wanted = data.draw(st.lists(st.sampled_from(sorted(named)), min_size=1, unique=True))
    chosen = select(ordered, wanted)
    assert [found for found in ordered if found in chosen] == list(chosen)
    for found in chosen:
        readers = [other for other in chosen if found.name in upstream(other, named)]
        assert upstream(found, named) <= set(names(chosen))
        assert found.name in wanted or readers
