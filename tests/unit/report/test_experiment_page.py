"""The page of an experiment: whole, self-contained, safe with whatever is written into it."""

from __future__ import annotations

import re

from stepladder.report import (
    ArmRow,
    Effect,
    ExperimentPage,
    GateRow,
    MetricCard,
    SliceRow,
    experiment_page,
)
from stepladder.report.effect_chart import effect_chart

EVIL = '<script>alert("1")</script>'


def page(text: str = "converted") -> str:
    effects = (
        Effect(text, 0.1, 0.02, 0.19, "good"),
        Effect("b", -0.05, -0.2, None),
        Effect("c", None, None, None),
    )
    rows = (ArmRow(text, 1000, "10.00%", "+10.0 %", text, "0.01", "significant"),)
    return experiment_page(
        ExperimentPage(
            project=text,
            name=text,
            description=text,
            verdict=(text, text),
            arms=((text, 1000, text),),
            gates=(GateRow("srm", "ok", text), GateRow("data", "warn", text)),
            metrics=(MetricCard(text, text, "Rate", rows, effects, "95 %", (text,)),),
            slices=(SliceRow(text, text, 10, text, text),),
            notes=(text,),
            facts=(("Data from", text),),
        )
    )


def test_everything_from_outside_is_escaped() -> None:
    assert EVIL not in page(EVIL)
    assert page(EVIL).count("&lt;script&gt;") >= 14


def test_it_needs_no_network_and_no_script() -> None:
    found = page()
    assert "<script" not in found
    assert not re.search(r"(src|href)=", found)
    assert 'style="' not in found, "the policy would forbid it"


def test_an_effect_stands_where_its_figure_is() -> None:
    found = effect_chart((Effect("a", 0.0, -0.1, 0.1),), "m", "95 %")
    (dot,) = re.findall(r'<circle[^>]* cx="([\d.]+)%"', found)
    assert float(dot) == 50
    ends = [float(x) for x in re.findall(r'class="end " x1="([\d.]+)%"', found)]
    assert ends[0] + ends[1] == 100
    assert ">no effect<" in found


def test_an_open_interval_runs_to_the_edge() -> None:
    found = effect_chart((Effect("a", None, 2.1, None),), "m", "95 %")
    assert 'x2="100.00%"' in found
    assert "<circle" not in found


def test_what_cannot_be_compared_says_so() -> None:
    assert "nothing to compare" in effect_chart((Effect("a", None, None, None),), "m", "95 %")
