"""Effects as dots on their intervals, about the line of no effect: inline SVG that fits a phone and a wide screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from stepladder.report.words import THIN

_ROW, _TOP, _BOTTOM = 34, 6, 26  # pixels
_LARGEST = 3.0  # a lift of +300 %: what lies beyond is drawn as open
_TICKS = 6


@dataclass(frozen=True, slots=True)
class Effect:
    """A relative change with its interval; None: not known, or open. `look` is "good", "bad" or "" (nothing shown)."""

    arm: str
    lift: float | None
    low: float | None
    high: float | None
    look: str = ""


def effect_chart(effects: Sequence[Effect], name: str, level: str) -> str:
    """A row for each effect."""
    low, high = _span(effects)
    height = _TOP + _ROW * len(effects)
    rows = "".join(_row(effect, place, low, high) for place, effect in enumerate(effects))
    said = "; ".join(f"{each.arm} {_said(each)}" for each in effects)
    label = f"{name}: {said}. Bars are intervals at {level}."
    return (
        f'<svg class="effects" role="img" aria-label="{escape(label)}" height="{height + _BOTTOM}">'
        f"{_ticks(low, high, height)}{rows}</svg>"
    )


def _span(effects: Sequence[Effect]) -> tuple[float, float]:
    """From the lowest to the highest, no effect within, with room on both sides."""
    known = [
        value for each in effects for value in (each.low, each.lift, each.high) if value is not None
    ] or [-0.1, 0.1]
    low, high = max(min(*known, 0.0), -1.0), min(max(*known, 0.0), _LARGEST)
    room = max(high - low, 0.001) * 0.08
    return low - room, high + room


def _at(value: float, low: float, high: float) -> float:
    """Across, in per cent."""
    return 100 * (min(max(value, low), high) - low) / (high - low)


def _row(effect: Effect, place: int, low: float, high: float) -> str:
    y = _TOP + _ROW * place + _ROW / 2
    name = f'<text class="arm" x="0" y="{y - 8:.0f}">{escape(effect.arm)}</text>'
    if effect.lift is None and effect.low is None:
        return f'{name}<text class="arm" x="50%" y="{y + 8:.0f}">nothing to compare</text>'
    left = _at(effect.low if effect.low is not None else low, low, high)
    right = _at(effect.high if effect.high is not None else high, low, high)
    bar = f'<line class="interval {effect.look}" x1="{left:.2f}%" x2="{right:.2f}%" y1="{y + 6:.0f}" y2="{y + 6:.0f}"/>'
    ends = "".join(
        f'<line class="end {effect.look}" x1="{x:.2f}%" x2="{x:.2f}%" y1="{y + 1:.0f}" y2="{y + 11:.0f}"/>'
        for x, bound in ((left, effect.low), (right, effect.high))
        if bound is not None and low <= bound <= high
    )
    dot = ""
    if effect.lift is not None:
        dot = f'<circle class="estimate {effect.look}" cx="{_at(effect.lift, low, high):.2f}%" cy="{y + 6:.0f}" r="5"/>'
    return name + bar + ends + dot


def _ticks(low: float, high: float, height: int) -> str:
    step = _step((high - low) / _TICKS)
    parts = []
    for number in range(ceil(low / step), floor(high / step) + 1):
        value = number * step
        kind = "none" if number == 0 else "grid"
        x = _at(value, low, high)
        parts.append(f'<line class="{kind}" x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="{height}"/>')
        text = "no effect" if number == 0 else _percent(value, step)
        look = "tick" if number % 2 == 0 else "tick wide"
        parts.append(f'<text class="{look}" x="{x:.2f}%" y="{height + 18}">{text}</text>')
    return "".join(parts)


def _step(rough: float) -> float:
    power = 10.0 ** floor(log10(rough))
    return float(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough))


def _percent(value: float, step: float) -> str:
    places = max(0, -floor(log10(step * 100) + 1e-9))
    return f"{100 * value:+.{places}f}{THIN}%".replace("-", "−")


def _said(effect: Effect) -> str:
    if effect.lift is None:
        return "cannot be compared"
    bounds = (
        ""
        if effect.low is None or effect.high is None
        else f", {100 * effect.low:+.1f} to {100 * effect.high:+.1f} %"
    )
    return f"{100 * effect.lift:+.1f} %{bounds}".replace("-", "−")
