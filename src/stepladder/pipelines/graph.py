"""Which model reads which, and the order in which they run."""

from __future__ import annotations

from collections.abc import Container, Sequence
from graphlib import CycleError, TopologicalSorter

from stepladder.config import nearest
from stepladder.errors import ModelError, UsageError
from stepladder.pipelines.model import Model, is_model


def in_order(models: Sequence[Model]) -> tuple[Model, ...]:
    """Upstream first, by name among equals. Raises ModelError with the path of a cycle."""
    named = {model.name: model for model in models}
    sorter = TopologicalSorter({model.name: sorted(upstream(model, named)) for model in models})
    try:
        sorter.prepare()
    except CycleError as error:
        path = " → ".join(reversed(error.args[1]))
        raise ModelError(f"models read each other in a circle: {path}. Break it in one of them.") from error
    found: list[Model] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        found += [named[name] for name in ready]
        sorter.done(*ready)
    return tuple(found)


def upstream(model: Model, named: Container[str]) -> frozenset[str]:
    """The names of the models that `model` reads."""
    return frozenset(table.name for table in model.reads if is_model(table, named))


def select(models: Sequence[Model], names: Sequence[str]) -> tuple[Model, ...]:
    """The models of these names and all that they read; every model where no name is given. Keeps the order."""
    named = {model.name: model for model in models}
    for name in names:
        if name not in named:
            raise UsageError(
                f"there is no model {name!r}.{nearest(name, named)} There are: {', '.join(named)}."
            )
    wanted = set(names or named)
    for model in reversed(models):
        if model.name in wanted:
            wanted |= upstream(model, named)
    return tuple(model for model in models if model.name in wanted)
