"""The order of models: upstream first, circles named, selections complete."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepladder.errors import ModelError, UsageError
from stepladder.pipelines.graph import in_order, select, upstream
from stepladder.pipelines.model import Model, Query
from stepladder.sql import TableName


def model(name: str, *reads: str) -> Model:
    tables = []
    for table in reads:
        schema, _, last = table.rpartition(".")
        tables.append(TableName(schema or None, last))
    return Model(
        name=name,
        path=Path(f"{name}.sql"),
        body=Query("SELECT 1"),
        reads=tuple(tables),
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
    shown = caught.value.message.split(": ")[1].split(". ")[0].split(" → ")
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
