"""experiments/NAME.toml as a Declaration."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from stepladder.config import nearest, refuse_unknown
from stepladder.errors import ConfigError, MissingFile
from stepladder.experiments import typed_keys as typed
from stepladder.experiments.declaration import (
    KINDS,
    Assignments,
    Declaration,
    Limits,
    Measure,
    Metric,
    Plan,
    Source,
)

_TOP = ("control", "alpha", "assignments", "split", "metrics", "plan", "dimensions", "description", "limits")
_ASSIGNMENTS = ("table", "user", "variant", "time", "experiment", "where")
_METRIC = (
    "kind", "table", "user", "time", "value", "where", "experiment", "window", "after", "mature_only", "missing", "cap",
    "quantile", "cuped", "per", "better", "primary", "guardrail",
)  # fmt: skip
_PER = ("table", "user", "time", "value", "where", "experiment")
_PLAN = ("users", "looks", "power", "effect")
_LIMITS = ("srm", "two_arms", "matched", "users", "converters", "skew")


def read_experiment(path: Path) -> Declaration:
    """The experiment of one file; its name is the file's. Raises MissingFile, ConfigError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MissingFile(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error
    return declared(path.stem, data, str(path))


def declared(name: str, data: Mapping[str, Any], place: str = "the experiment") -> Declaration:
    """The same from a dictionary of the file's keys. Raises ConfigError."""
    refuse_unknown(data, _TOP, place)
    control = typed.given(data, "control", str, place)
    split = _split(data, control, place)
    assignments = _assignments(data, place)
    tables = typed.given(data, "metrics", dict, place)
    metrics = tuple(
        _metric(each, keys, assignments, f"{place}, metric {each!r}") for each, keys in tables.items()
    )
    if not metrics:
        raise ConfigError(f"{place}: [metrics] is empty. Write at least one, as [metrics.converted].")
    return Declaration(
        name=name,
        control=control,
        split=split,
        assignments=assignments,
        metrics=_with_a_primary(metrics),
        alpha=typed.share(data, "alpha", place) or 0.05,
        plan=_plan(data, place),
        dimensions=tuple(typed.words(data, "dimensions", place)),
        description=typed.optional(data, "description", str, place) or "",
        limits=_limits(data, place),
    )


def _with_a_primary(metrics: tuple[Metric, ...]) -> tuple[Metric, ...]:
    """Where nobody said which metric decides, the first that is no guardrail does."""
    if any(metric.role == "primary" for metric in metrics):
        return metrics
    first = next((metric for metric in metrics if metric.role == "secondary"), None)
    return tuple(replace(each, role="primary") if each is first else each for each in metrics)


def _split(data: Mapping[str, Any], control: str, place: str) -> dict[str, float]:
    shares = typed.given(data, "split", dict, place)
    found: dict[str, float] = {}
    for arm, share in shares.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not share > 0:
            raise ConfigError(f"{place}: the split of {arm!r} is {share!r}: give a share above 0, as 0.5.")
        found[arm] = float(share)
    if control not in found:
        raise ConfigError(
            f"{place}: control = {control!r} is no arm of [split].{nearest(control, found)} It knows: {', '.join(found)}."
        )
    if len(found) < 2:
        raise ConfigError(
            f"{place}: [split] names one arm; an experiment has a control and at least one other."
        )
    total = sum(found.values())
    if abs(total - 1) > 0.001 and not all(share == int(share) for share in found.values()):
        raise ConfigError(f"{place}: the shares in [split] add up to {total:g}, not to 1.")
    return {arm: share / total for arm, share in found.items()}


def _assignments(data: Mapping[str, Any], place: str) -> Assignments:
    keys = typed.given(data, "assignments", dict, place)
    place = f"{place}, [assignments]"
    refuse_unknown(keys, _ASSIGNMENTS, place)
    given = {key: typed.given(keys, key, str, place) for key in keys}
    if "table" not in given:
        raise ConfigError(f"{place}: `table` is missing: the table that says who saw what.")
    return Assignments(**given)


def _metric(name: str, keys: object, assignments: Assignments, place: str) -> Metric:
    if not isinstance(keys, dict):
        raise ConfigError(f"{place} must be a table of keys.")
    refuse_unknown(keys, _METRIC, place)
    kind = typed.given(keys, "kind", str, place)
    if kind not in KINDS:
        raise ConfigError(f"{place}: kind = {kind!r}.{nearest(kind, KINDS)} It is one of {', '.join(KINDS)}.")
    measure = _measure(keys, assignments, place)
    _refuse_misfits(kind, keys, place)
    metric = Metric(
        name=name,
        kind=kind,
        measure=measure,
        per=_per(keys, measure, assignments, place) if kind == "ratio" else None,
        role=_role(keys, place),
        better=typed.choice(keys, "better", ("higher", "lower"), place),
        after=typed.length(keys, "after", place) or timedelta(0),
        window=typed.length(keys, "window", place) or (timedelta(days=1) if kind == "retention" else None),
        mature_only=typed.optional(keys, "mature_only", bool, place) or False,
        missing=typed.choice(keys, "missing", ("zero", "exclude"), place) or "zero",
        cap=typed.share(keys, "cap", place),
        quantile=typed.share(keys, "quantile", place),
        cuped=typed.length(keys, "cuped", place),
    )
    _refuse_without_time(metric, assignments, place)
    return metric


def _refuse_misfits(kind: str, keys: Mapping[str, Any], place: str) -> None:
    """Keys that mean nothing for the kind, or that it cannot be without."""
    wanted = {"mean": "value", "sum": "value", "quantile": "quantile", "retention": "after"}.get(kind)
    if wanted and wanted not in keys:
        raise ConfigError(f"{place}: kind {kind!r} needs `{wanted}`.")
    only = {
        "value": ("mean", "sum", "ratio", "quantile"),
        "per": ("ratio",),
        "quantile": ("quantile",),
        "cap": ("mean", "sum", "count"),
        "cuped": ("mean", "sum", "count", "ratio"),
        "missing": ("mean", "sum", "count", "quantile"),
    }
    for key, kinds in only.items():
        if key in keys and kind not in kinds:
            raise ConfigError(
                f"{place}: `{key}` means nothing for kind {kind!r}; it is for {', '.join(kinds)}."
            )


def _refuse_without_time(metric: Metric, assignments: Assignments, place: str) -> None:
    needs = [
        name
        for name, given in (("window", metric.window), ("after", metric.after), ("cuped", metric.cuped))
        if given
    ]
    if not needs:
        return
    sources = [each.source for each in (metric.measure, metric.per) if each]
    if any(source.time is None for source in sources):
        raise ConfigError(f"{place}: `{needs[0]}` needs `time`, the column that says when an event was.")
    if assignments.time is None:
        raise ConfigError(
            f"{place}: `{needs[0]}` needs `time` in [assignments], the column that says since when."
        )


def _measure(keys: Mapping[str, Any], assignments: Assignments, place: str) -> Measure:
    source = Source(
        table=typed.given(keys, "table", str, place),
        user=typed.optional(keys, "user", str, place) or assignments.user,
        time=typed.optional(keys, "time", str, place),
        where=typed.optional(keys, "where", str, place),
        filtered=_filtered(keys, place),
    )
    return Measure(source, typed.optional(keys, "value", str, place))


def _per(keys: Mapping[str, Any], measure: Measure, assignments: Assignments, place: str) -> Measure:
    """What a ratio divides by: its rows; a column of the same rows; or another table's."""
    per = keys.get("per")
    if per is None:
        return Measure(measure.source)
    if isinstance(per, str):
        return Measure(measure.source, per)
    if not isinstance(per, dict):
        raise ConfigError(
            f'{place}: `per` is a column, or a table as {{ table = "sessions", time = "started_at" }}.'
        )
    refuse_unknown(per, _PER, f"{place}, per")
    return _measure({**per, "kind": "ratio"}, assignments, f"{place}, per")


def _filtered(keys: Mapping[str, Any], place: str) -> bool:
    if keys.get("experiment", True) not in (True, False):
        raise ConfigError(
            f"{place}: `experiment` is true or false: whether rows must carry the experiment's name. The column is named in [assignments]."
        )
    return bool(keys.get("experiment", True))


def _role(keys: Mapping[str, Any], place: str) -> str:
    primary, guardrail = (typed.optional(keys, key, bool, place) for key in ("primary", "guardrail"))
    if primary and guardrail:
        raise ConfigError(f"{place} is primary and guardrail: a metric that decides is no guardrail.")
    return "primary" if primary else "guardrail" if guardrail else "secondary"


def _plan(data: Mapping[str, Any], place: str) -> Plan | None:
    keys = typed.optional(data, "plan", dict, place)
    if keys is None:
        return None
    place = f"{place}, [plan]"
    refuse_unknown(keys, _PLAN, place)
    users, looks = typed.optional(keys, "users", int, place), keys.get("looks", "any")
    if users is not None and users < 2:
        raise ConfigError(f"{place}: users = {users}: give the number of users in all arms together.")
    effect = typed.optional(keys, "effect", (int, float), place)
    return Plan(
        users,
        _looks(looks, place),
        typed.share(keys, "power", place) or 0.8,
        None if effect is None else float(effect),
    )


def _looks(given: object, place: str) -> int | str | tuple[float, ...]:
    """ "any"; 4; [0.5, 0.75, 1]."""
    if given == "any" or (isinstance(given, int) and not isinstance(given, bool) and given >= 1):
        return given
    if isinstance(given, list) and all(type(each) in (int, float) for each in given):
        shares = tuple(map(float, given))
        rising = all(one < other for one, other in zip((0.0, *shares), shares, strict=False))
        if shares and rising and shares[-1] == 1:
            return shares
    raise ConfigError(
        f'{place}: looks = {given!r}: write "any", how many (1: one reading, at the end), or the rising shares of the users at '
        "which they come, as [0.5, 0.75, 1]."
    )


def _limits(data: Mapping[str, Any], place: str) -> Limits:
    keys = typed.optional(data, "limits", dict, place) or {}
    refuse_unknown(keys, _LIMITS, f"{place}, [limits]")
    return Limits(**{key: typed.given(keys, key, (int, float), f"{place}, [limits]") for key in keys})
