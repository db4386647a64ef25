"""Which model reads which, and the order in which they run."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from graphlib import CycleError, TopologicalSorter

from stepladder.errors import ModelError
from stepladder.pipelines.model import Function, Model, is_model


def in_order(models: Sequence[Model]) -> tuple[Model, ...]:
    """Upstream first, by name among equals. Raises ModelError with the path of a cycle."""
    named = {model.name: model for model in models}
    sorter = TopologicalSorter({model.name: sorted(upstream(model, named)) for model in models})
    try:
        sorter.prepare()
    except CycleError as error:
        circle: list[str] = list(reversed(error.args[1]))
        first = named[circle[0]]
        raise ModelError(
            f"models read each other in a circle: {' → '.join(circle)}. Break it in one of them.",
            file="/".join(first.path.parts[-2:]),  # models/NAME
            line=_line(first, circle[1]),
        ) from error
    found: list[Model] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        found += [named[name] for name in ready]
        sorter.done(*ready)
    return tuple(found)


def _line(model: Model, name: str) -> int | None:
    """The line in which a model first names another one."""
    if isinstance(model.body, Function):
        return model.body.line
    match = re.search(rf"\b{re.escape(name)}\b", model.sql)
    return model.sql.count("\n", 0, match.start()) + 1 if match else None


def upstream(model: Model, named: Container[str]) -> frozenset[str]:
    """The names of the models that `model` reads, or waits for."""
    return frozenset(table.name for table in (*model.reads, *model.depends) if is_model(table, named))


def with_upstream(names: Iterable[str], models: Sequence[Model]) -> set[str]:
    """These names and those of all that they read. `models` are in order."""
    named, found = {model.name for model in models}, set(names)
    for model in reversed(models):
        if model.name in found:
            found |= upstream(model, named)
    return found


def with_downstream(names: Iterable[str], models: Sequence[Model]) -> set[str]:
    """These names and those of all that read them. `models` are in order."""
    named, found = {model.name for model in models}, set(names)
    for model in models:
        if upstream(model, named) & found:
            found.add(model.name)
    return found
