"""The page: complete, self-contained, well-formed, and safe with whatever is written into it."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepladder.report import Day, Page, stakeholder_page
from stepladder.report.charts import seven_day_mean
from stepladder.report.words import THIN

LAST = dt.date(2026, 11, 26)
MADE = dt.datetime(2026, 11, 27, 5, 5, tzinfo=dt.UTC)
VOID = {"meta", "br", "link", "img", "input", "hr"}


def day(back: int, users: int = 1000, **other: Any) -> Day:
    figures = {"avg_session_duration": Decimal("4.25"), "avg_pages_per_session": Decimal("5.125")} | other
    return Day(LAST - dt.timedelta(days=back), users, users + 300, **figures)


def page(count: int, **other: Any) -> Page:
    days = tuple(day(back, 1000 + back) for back in range(count))
    facts = {
        "project": "Corner Shop",
        "target": "sqlite:///shop.db",
        "version": "1.2.3",
        "days": days,
    } | other
    return Page(timezone="Europe/Berlin", generated_at=MADE, **facts)


class Outline(HTMLParser):
    """Every element with its attributes; fails where the elements do not close as they were opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"{tag} was never opened"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.mark.parametrize("count", [0, 1, 4, 14, 43, 90, 400])
def test_every_size_is_well_formed_and_asks_nobody_for_anything(count: int) -> None:
    html = stakeholder_page(page(count))
    outline = Outline(html)
    assert not {"script", "link", "img", "iframe", "object", "form"} & {tag for tag, _ in outline.elements}
    for _, attributes in outline.elements:
        assert not {"style", "src", "href", "onload", "onclick"} & attributes.keys()
    assert "url(" not in html
    assert "http:" not in html.replace("http-equiv", "")
    assert "nan" not in re.sub(r"[a-z]*nan[a-z]+|[a-z]+nan", "", html.lower())
    assert len(outline.all("tr")) == (count + 1 if count else 0)
    assert len(outline.all("svg")) >= (3 if count else 0)


def test_the_policy_allows_the_style_sheet_and_nothing_else() -> None:
    html = stakeholder_page(page(3))
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policies = [meta["content"] for meta in Outline(html).all("meta") if meta.get("http-equiv")]
    assert policies == [
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    ]
    assert html.index("Content-Security-Policy") < html.index("<style>")


def test_what_screen_readers_and_phones_need() -> None:
    html = stakeholder_page(page(14))
    outline = Outline(html)
    assert outline.all("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in outline.all("meta")
    assert len(outline.all("h1")) == len(outline.all("caption")) == len(outline.all("main")) == 1
    assert all(heading["scope"] in ("col", "row") for heading in outline.all("th"))
    identities = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    assert len(set(identities)) == len(identities)
    charts = [svg for svg in outline.all("svg") if svg.get("role") == "img"]
    assert len(charts) == 3
    for chart in charts:
        assert set(str(chart["aria-labelledby"]).split()) <= set(identities)


@given(st.text(min_size=1), st.text(min_size=1), st.lists(st.text(min_size=1), max_size=2), st.integers(0, 2))
def test_text_from_outside_stays_text(project: str, target: str, notes: list[str], count: int) -> None:
    dull = Outline(stakeholder_page(page(count, notes=("x",) * len(notes))))
    found = Outline(stakeholder_page(page(count, project=project, target=target, notes=tuple(notes))))
    assert [tag for tag, _ in found.elements] == [tag for tag, _ in dull.elements]
    for text in (project, target, *notes):
        assert text.replace("\r\n", "\n").replace("\r", "\n").strip() in found.text.replace(
            "\r\n", "\n"
        ).replace("\r", "\n")


def test_markup_in_a_note_is_shown_as_written() -> None:
    html = stakeholder_page(page(1, notes=("<script>alert('1 & 2')</script>",)))
    assert "<script" not in html
    assert "&lt;script&gt;alert(&#x27;1 &amp; 2&#x27;)&lt;/script&gt;" in html


def test_the_same_page_is_the_same_text_whatever_the_order_of_days() -> None:
    forwards, backwards = page(20), page(20, days=tuple(reversed(page(20).days)))
    assert stakeholder_page(forwards) == stakeholder_page(backwards)


def test_no_days_says_what_to_run() -> None:
    text = Outline(stakeholder_page(page(0, notes=("Nothing has been loaded.",)))).text
    assert "No figures yet" in text
    assert "stepladder run" in text
    assert "Nothing has been loaded." in text


def test_the_table_is_newest_first_with_exact_figures() -> None:
    html = stakeholder_page(page(8))
    dates = re.findall(r'<time datetime="([0-9-]+)">', html)
    assert dates == sorted(dates, reverse=True)
    assert dates[0] == "2026-11-26"
    assert "<td>1 007</td><td>1 307</td><td>4.25</td><td>5.13</td>" in html.replace(THIN, " ")


def test_tiles_compare_with_the_week_before() -> None:
    text = Outline(stakeholder_page(page(8, days=(day(0, 1204), day(7, 1158))))).text.replace(THIN, " ")
    assert "1 204 ▲up 4 % on Thu 19 Nov (1 158)" in text
    assert "4.3 min as on Thu 19 Nov (4.3)" in text


def test_tiles_without_a_week_before_say_so() -> None:
    assert Outline(stakeholder_page(page(3))).text.count("no figures a week before") == 4


def test_a_day_without_sessions_has_dashes_and_breaks_the_lines() -> None:
    empty = day(1, 0, avg_session_duration=None, avg_pages_per_session=None)
    html = stakeholder_page(page(3, days=(day(0), empty, day(2))))
    assert "<td>–</td><td>–</td>" in html
    paths = re.findall(r'<path class="line duration"[^>]* d="([^"]*)"', html)
    assert [path.count("M") for path in paths] == [2]
    assert "no sessions" in html


def test_nothing_at_all_happened() -> None:
    nothing = Day(LAST, 0, 0, None, None)
    outline = Outline(stakeholder_page(page(1, days=(nothing,))))
    assert "26 November: 0 users, 0 sessions" in outline.text


def test_missing_days_keep_their_place() -> None:
    html = stakeholder_page(page(2, days=(day(0), day(3))))
    bars = re.findall(r'class="bar users" x="([0-9.]+)%"', html)
    assert [float(bar) for bar in bars] == pytest.approx([12.5 - 10 / 3, 87.5 - 10 / 3], abs=0.01)


def test_the_footer_says_where_from_when_and_by_what() -> None:
    text = Outline(stakeholder_page(page(1))).text
    assert "sqlite:///shop.db" in text
    assert "27 November 2026, 06:05 (Europe/Berlin), by Stepladder 1.2.3" in text


def test_the_mean_of_seven_days_weighs_averages_by_their_sessions() -> None:
    values = {LAST + dt.timedelta(days=place): Decimal(place) for place in range(8)}
    assert seven_day_mean(values) == {LAST + dt.timedelta(days=6): 3, LAST + dt.timedelta(days=7): 4}
    weights = dict.fromkeys(values, 0) | {LAST + dt.timedelta(days=5): 3, LAST + dt.timedelta(days=6): 1}
    assert seven_day_mean(values, weights)[LAST + dt.timedelta(days=6)] == Decimal("5.25")
    nothing = dict.fromkeys(values)
    assert set(seven_day_mean(nothing).values()) == {None}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1, 2])
def test_colours_have_enough_contrast(scheme: int) -> None:
    """WCAG 2.2: 4.5 for text (1.4.3), 3 for what a chart shows (1.4.11); light, dark, and printed."""
    blocks = re.findall(r":root \{(.*?)\}", stakeholder_page(page(0)), re.DOTALL)
    colours: dict[str, str] = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[scheme]))
    for ground in ("paper", "card", "weekend"):
        for ink in ("ink", "soft"):
            assert contrast(colours[ink], colours[ground]) >= 4.5
    for mark in ("users", "sessions", "duration", "pages"):
        assert contrast(colours[mark], colours["card"]) >= 3
    assert contrast(colours["within"], colours["users"]) >= 4.5
    if "warn-ink" in colours:
        assert contrast(colours["warn-ink"], colours["warn-paper"]) >= 4.5
