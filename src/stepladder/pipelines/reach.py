"""How far around its interval a model reads another one: windows may have margins, and what is read whole has no end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from stepladder.pipelines.grid import WHOLE, Span
from stepladder.pipelines.model import Model, is_model


def read_span(model: Model, name: str, span: Span) -> Span:
    """The part of the model `name` whose change makes an interval stale."""
    if any(is_model(table, (name,)) for table in model.watch):
        return WHOLE
    reached = [window.around(*span) for window in model.windows if is_model(window.table, (name,))]
    instants = [each for pair in reached for each in pair if isinstance(each, datetime)]
    return min([span[0], *instants]), max([span[1], *instants])


def needed_span(model: Model, name: str, span: Span) -> Span:
    """The part of it that must be made before the interval is: all of it, where it is read beyond windows."""
    if any(is_model(table, (name,)) for table in (*model.whole, *model.depends)):
        return WHOLE
    return read_span(model, name, span)


def read_spans(model: Model, names: Iterable[str], span: Span) -> Mapping[Span, list[str]]:
    """The models of these names by the part of them that counts."""
    found: dict[Span, list[str]] = {}
    for name in names:
        found.setdefault(read_span(model, name, span), []).append(name)
    return found
