"""Selectors: which models are meant by `sessions`, `+sessions`, `sessions+`, `sess*`, `tag:x`, `owner:x`, `state:stale`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from stepladder.config import nearest
from stepladder.errors import UsageError
from stepladder.pipelines.graph import with_downstream, with_upstream
from stepladder.pipelines.model import Model
from stepladder.pipelines.plan import Plan

STATES = ("failed", "stale", "missing")
States = Mapping[str, Collection[str]]  # by model


def _unknown() -> States:
    raise UsageError("state: needs a target, whose ledger says what is failed, stale or missing.")


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for: the union of `words` (none: every model) and, unless `upstream` is False, all that they read;
    without those that `exclude` means. `states` is asked for the models' states where a word needs them."""

    words: Sequence[str] = ()
    exclude: Sequence[str] = ()
    upstream: bool = True
    states: Callable[[], States] = _unknown


def select(models: Sequence[Model], names: Sequence[str] | Selection) -> tuple[Model, ...]:
    """The models that are meant, in their order. Raises UsageError for a word that means none, with the nearest one."""
    asked = names if isinstance(names, Selection) else Selection(names)
    found = _meant(asked.words, models, asked.states) if asked.words else {model.name for model in models}
    if asked.upstream:
        found = with_upstream(found, models)
    found -= _meant(asked.exclude, models, asked.states)
    return tuple(model for model in models if model.name in found)


def states_of(plan: Plan) -> States:
    """The states of a plan's models: what failed, what was never made, what else has work to do."""
    return {
        model.name: {
            next((state for state in ("failed", "missing") if state in work.reasons), "stale")
            for work in model.work
        }
        for model in plan.models
    }


def _meant(words: Iterable[str], models: Sequence[Model], states: Callable[[], States]) -> set[str]:
    found: set[str] = set()
    for word in words:
        plain = word.removeprefix("+").removesuffix("+")
        names = _named(plain, models, states)
        found |= names
        if word.startswith("+"):
            found |= with_upstream(names, models)
        if word.endswith("+"):
            found |= with_downstream(names, models)
    return found


def _named(word: str, models: Sequence[Model], states: Callable[[], States]) -> set[str]:
    kind, colon, value = word.partition(":")
    if colon and kind == "state":
        _refuse_unless(value in STATES, word, "state", value, STATES)
        given = states()
        return {model.name for model in models if value in given.get(model.name, ())}
    if colon and kind == "tag":
        found = {model.name for model in models if value in model.tags}
        _refuse_unless(found, word, "tag", value, {tag for model in models for tag in model.tags})
    elif colon and kind == "owner":
        found = {model.name for model in models if model.owner == value}
        _refuse_unless(found, word, "owner", value, {model.owner for model in models if model.owner})
    elif colon:
        raise UsageError(
            f"{word!r} is no selector.{nearest(kind, ('tag', 'owner', 'state'))} There are tag:, owner:, state:."
        )
    else:
        names = [model.name for model in models]
        found = {name for name in names if fnmatchcase(name, word)}
        _refuse_unless(found, word, "model", word, names)
    return found


def _refuse_unless(found: object, word: str, what: str, value: str, known: Iterable[str]) -> None:
    if not found:
        names = sorted(known)
        said = repr(value) if what == "model" else f"{value!r} ({word})"
        raise UsageError(
            f"there is no {what} {said}.{nearest(value, names)} There are: {', '.join(names) or 'none'}."
        )
