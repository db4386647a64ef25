"""PostgreSQL's catalogs as data, and the rules of the manual's chapter "Type Conversion" over them.

Types are named as the catalogs name them; an array of `int4` is `_int4`. The data file was written by a server
(PostgreSQL 18); nothing in it is ours (https://www.postgresql.org/docs/current/typeconv.html).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Any

from stepladder.errors import AmbiguousFunction, DatatypeMismatch, ProgrammingError, UndefinedFunction

IMPLICIT, ASSIGNMENT, EXPLICIT = 0, 1, 2
_CONTEXTS = {"i": IMPLICIT, "a": ASSIGNMENT, "e": EXPLICIT}
_METHODS = {"b": "relabel", "i": "io", "f": "function"}
_POLYMORPHIC = frozenset(("anyelement", "anyarray", "anynonarray", "anyenum", "anyrange", "anymultirange"))
_COMPATIBLE = frozenset(
    ("anycompatible", "anycompatiblearray", "anycompatiblenonarray", "anycompatiblerange")
)
_GENERIC = _POLYMORPHIC | _COMPATIBLE
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Procedure:
    """A row of pg_proc. `kind`: f function, a aggregate, o and h ordered-set aggregates, w window function.

    `outputs` are the names and types of OUT parameters.
    """

    name: str
    arguments: tuple[str, ...]
    result: str
    kind: str
    returns_set: bool
    variadic: str | None
    defaults: int
    volatility: str
    strict: bool
    names: tuple[str, ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Operator:
    """A row of pg_operator; `procedure` is the function that implements it."""

    name: str
    arguments: tuple[str, ...]
    result: str
    procedure: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What resolution found: the implementation, the types that the arguments are coerced to, the result's type.

    `procedure` is None where a function's name was read as a cast.
    """

    name: str
    arguments: tuple[str, ...]
    result: str
    procedure: Procedure | None


Candidate = tuple[tuple[str, ...], Any]


class Catalog:
    """Types, functions, operators and casts, and how one is chosen."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._types = {row[0]: row for row in data["types"]}
        self._array_of = {row[4]: row[0] for row in data["types"] if row[4]}
        self._casts = {
            (a, b): (_CONTEXTS[context], _METHODS[method]) for a, b, context, method in data["casts"]
        }
        self._procedures: dict[str, list[Procedure]] = {}
        for row in data["procs"]:
            found = Procedure(
                row[0],
                tuple(row[1]),
                row[2],
                row[3],
                bool(row[4]),
                row[5],
                row[6],
                row[10],
                row[11],
                tuple(row[9] or ()),
                _outputs(row[7], row[8], row[9]),
            )
            self._procedures.setdefault(row[0], []).append(found)
        self._operators: dict[str, list[Operator]] = {}
        self._symbols: dict[tuple[str, int], str] = {}
        for name, left, right, result, procedure in data["ops"]:
            arguments = (right,) if left is None else (left, right)
            found_ = Operator(name, arguments, result, procedure.removeprefix("pg_catalog."))
            self._operators.setdefault(name, []).append(found_)
            self._symbols.setdefault((found_.procedure, len(arguments)), name)
        self._chosen: dict[tuple[str, tuple[str, ...]], Choice] = {}  # of operators: they are few

    def every_procedure(self) -> Iterator[Procedure]:
        """All functions, aggregates and window functions."""
        return chain.from_iterable(self._procedures.values())

    def every_operator(self) -> Iterator[Operator]:
        """All operators."""
        return chain.from_iterable(self._operators.values())

    # -- types
    def has_type(self, name: str) -> bool:
        """Whether the catalogs have a type of that name."""
        return name in self._types

    def has_function(self, name: str) -> bool:
        """Whether there is a function, aggregate or window function of that name."""
        return name in self._procedures

    def procedures(self, name: str) -> Sequence[Procedure]:
        """The functions of that name."""
        return self._procedures.get(name, ())

    def element(self, type_: str) -> str | None:
        """The element type of an array type."""
        return self._types[type_][4] if type_ in self._types else None

    def array(self, type_: str) -> str | None:
        """The array type over a type; an array's is its own."""
        return self._array_of.get(type_) or (type_ if self.element(type_) else None)

    def category(self, type_: str) -> str:
        """The type's category: N numbers, S strings, D dates, B bool, T spans, A arrays, U others, X unknown."""
        return str(self._types[type_][2])

    def preferred(self, type_: str) -> bool:
        """Whether the type is its category's preferred one."""
        return bool(self._types[type_][3])

    def display(self, type_: str) -> str:
        """format_type()'s spelling."""
        return str(self._types[type_][1])

    def orderable(self, type_: str) -> bool:
        """Whether values of the type can be compared: by DISTINCT, GROUP BY, UNION."""
        base = self.element(type_) or type_
        return base in (UNKNOWN, "varchar", "bpchar") or any(
            op.arguments == (base, base) for op in self._operators["="]
        )

    # -- coercion
    def path(self, source: str, target: str, context: int) -> str | None:
        """How `source` becomes `target`: relabel, function, io, array; None where the context does not let it."""
        if source == target:
            return "relabel"
        known = self._casts.get((source, target))
        if known:
            return known[1] if known[0] <= context else None
        inner, outer = self.element(source), self.element(target)
        if inner and outer:
            return "array" if self.path(inner, outer, context) else None
        if context >= ASSIGNMENT and self.category(target) == "S":
            return "io"
        return "io" if context >= EXPLICIT and self.category(source) == "S" else None

    def can_coerce(self, sources: Sequence[str], targets: Sequence[str], context: int = IMPLICIT) -> bool:
        """Whether every source becomes its target in the context, polymorphic targets together."""
        generic = False
        for source, target in zip(sources, targets, strict=True):
            if target in _GENERIC:
                generic = True
            elif (
                source not in (target, UNKNOWN) and target != "any" and not self.path(source, target, context)
            ):
                return False
        return not generic or self._solve(sources, targets) is not None

    def common(self, types: Sequence[str]) -> str | None:
        """The type that CASE, UNION, VALUES and the like give to values of these types; None: they do not match."""
        if types and types[0] != UNKNOWN and len(set(types)) == 1:
            return types[0]
        best = UNKNOWN
        for type_ in types:
            if type_ in (UNKNOWN, best):
                continue
            if best == UNKNOWN:
                best = type_
            elif self.category(type_) != self.category(best):
                return None
            elif self._widens(best, type_):
                best = type_
        return "text" if best == UNKNOWN else best

    def _widens(self, best: str, type_: str) -> bool:
        return (
            not self.preferred(best)
            and bool(self.path(best, type_, IMPLICIT))
            and not self.path(type_, best, IMPLICIT)
        )

    # -- polymorphic types
    def _solve(self, sources: Sequence[str], targets: Sequence[str]) -> Callable[[str], str] | None:
        """From declared to actual types; None where the arguments do not agree."""
        element: str | None = None
        array: str | None = None
        compatible: list[str] = []
        for source, target in zip(sources, targets, strict=True):
            if source == UNKNOWN and target in _GENERIC:
                continue
            if target in ("anyelement", "anynonarray"):
                if element not in (None, source) or (target == "anynonarray" and self.element(source)):
                    return None
                element = source
            elif target == "anyarray":
                if not self.element(source) or array not in (None, source):
                    return None
                array = source
            elif target in ("anyenum", "anyrange", "anymultirange", "anycompatiblerange"):
                return None
            elif target in _COMPATIBLE:
                inner = self.element(source) if target == "anycompatiblearray" else source
                if inner is None or (target == "anycompatiblenonarray" and self.element(source)):
                    return None
                compatible.append(inner)
        return self._solution(element, array, compatible)

    def _solution(
        self, element: str | None, array: str | None, compatible: list[str]
    ) -> Callable[[str], str] | None:
        if array:
            inner = self.element(array)
            if element not in (None, inner):
                return None
            element = inner
        common = self.common(compatible) if compatible else "text"
        if common is None or not all(self.path(type_, common, IMPLICIT) for type_ in compatible):
            return None
        known = element or UNKNOWN
        over = (self.array(element) or UNKNOWN) if element else UNKNOWN
        solved = {
            "anyelement": known,
            "anynonarray": known,
            "anyarray": over,
            "anycompatible": common,
            "anycompatiblenonarray": common,
            "anycompatiblearray": self.array(common) or UNKNOWN,
        }
        return lambda declared: solved.get(declared, declared)

    # -- choosing
    def operator(self, name: str, types: Sequence[str]) -> Choice:
        """The operator for operands of these types. Raises UndefinedFunction, AmbiguousFunction."""
        sources = tuple(types)
        known = self._chosen.get((name, sources))
        if known is None:
            known = self._chosen[name, sources] = self._choose(name, sources)
        return known

    def _choose(self, name: str, sources: tuple[str, ...]) -> Choice:
        candidates: list[Candidate] = [
            (op.arguments, op) for op in self._operators.get(name, ()) if len(op.arguments) == len(sources)
        ]
        exact = sources
        if len(sources) == 2 and UNKNOWN in sources and sources != (UNKNOWN, UNKNOWN):
            exact = (sources[1] if sources[0] == UNKNOWN else sources[0],) * 2
        found = next((each for each in candidates if each[0] == exact), None) or self._best(
            sources, candidates
        )
        if found is None:
            spelled = " ".join([*map(self.display, sources[:-1]), name, self.display(sources[-1])])
            raise self._refusal(sources, candidates, f"operator does not exist: {spelled}", spelled)
        arguments, result = self._finish(sources, found[0], found[1].result)
        return Choice(found[1].procedure, arguments, result, None)

    def exact_operator(self, name: str, left: str, right: str) -> str | None:
        """The implementation of an operator by the exact types of its sides."""
        found = (op.procedure for op in self._operators.get(name, ()) if op.arguments == (left, right))
        return next(found, None)

    def symbol(self, procedure: str, operands: int) -> str | None:
        """The operator that a function implements: the inverse of `operator`."""
        return self._symbols.get((procedure, operands))

    def _refusal(
        self, sources: Sequence[str], candidates: Sequence[Candidate], missing: str, spelled: str
    ) -> ProgrammingError:
        if sum(self.can_coerce(sources, each[0]) for each in candidates) < 2:
            return UndefinedFunction(missing)
        if missing.startswith("operator"):
            return AmbiguousFunction(f"operator is not unique: {spelled}")
        return AmbiguousFunction(f"function {spelled} is not unique")

    def function(self, name: str, types: Sequence[str], *, spread: bool = True) -> Choice:
        """The function for arguments of these types. `spread` is False for VARIADIC.

        Raises UndefinedFunction, AmbiguousFunction.
        """
        sources = tuple(types)
        candidates = self._candidates(name, len(sources), spread=spread)
        found = next((each for each in candidates if each[0] == sources), None)
        if found is None and len(sources) == 1 and name in self._types:
            path = self.path(sources[0], name, EXPLICIT)
            if sources[0] == UNKNOWN or path in ("relabel", "io"):
                return Choice(name, (name,), name, None)
        found = found or self._best(sources, candidates)
        if found is None:
            spelled = f"{name}({', '.join(map(self.display, types))})"
            raise self._refusal(sources, candidates, f"function {spelled} does not exist", spelled)
        arguments, result = self._finish(sources, found[0], found[1].result)
        return Choice(name, arguments, result, found[1])

    def _candidates(self, name: str, count: int, *, spread: bool) -> list[Candidate]:
        """The functions that take `count` arguments, each signature once: plain before defaults before variadic."""
        ranked: dict[tuple[str, ...], tuple[int, Procedure]] = {}
        for procedure in self._procedures.get(name, ()):
            for rank, signature in self._signatures(procedure, count, spread=spread):
                if signature not in ranked or rank < ranked[signature][0]:
                    ranked[signature] = (rank, procedure)
        return [(signature, procedure) for signature, (_, procedure) in ranked.items()]

    @staticmethod
    def _signatures(procedure: Procedure, count: int, *, spread: bool) -> list[tuple[int, tuple[str, ...]]]:
        declared = procedure.arguments
        own = len(declared)
        variadic = procedure.variadic if spread else None
        if own == count and not (variadic and variadic != "any"):
            return [(0, declared)]
        if variadic and count >= own:
            return [(2, (*declared[:-1], *[variadic] * (count - own + 1)))]
        return [(1, declared[:count])] if count < own <= count + procedure.defaults else []

    def _finish(
        self, sources: Sequence[str], declared: Sequence[str], result: str
    ) -> tuple[tuple[str, ...], str]:
        solve = self._solve(sources, declared)
        if solve is None:
            raise UndefinedFunction("the arguments' types do not agree")
        actual = tuple(
            source if type_ == "any" else solve(type_)
            for source, type_ in zip(sources, declared, strict=True)
        )
        generic = [type_ for type_ in declared if type_ in _POLYMORPHIC]
        if (generic and solve(generic[0]) == UNKNOWN) or (
            result in _POLYMORPHIC and solve(result) == UNKNOWN
        ):
            raise DatatypeMismatch("could not determine polymorphic type because input has type unknown")
        return actual, solve(result)

    def _best(self, sources: Sequence[str], candidates: Sequence[Candidate]) -> Candidate | None:
        """The manual's steps 3 and 4 (10.2, 10.3): implicit casts, exact matches, preferred types, unknowns."""
        left = [each for each in candidates if self.can_coerce(sources, each[0])]
        known = [place for place, type_ in enumerate(sources) if type_ != UNKNOWN]
        for score in (self._exact_matches, self._preferred_matches):
            if len(left) < 2:
                break
            scores = [score(sources, known, each[0]) for each in left]
            left = [each for each, points in zip(left, scores, strict=True) if points == max(scores)]
        if len(left) < 2:
            return left[0] if left else None
        unknown = [place for place, type_ in enumerate(sources) if type_ == UNKNOWN]
        return self._by_unknowns(sources, known, unknown, left) if unknown else None

    @staticmethod
    def _exact_matches(sources: Sequence[str], known: Sequence[int], declared: Sequence[str]) -> int:
        return sum(declared[place] == sources[place] for place in known)

    def _preferred_matches(
        self, sources: Sequence[str], known: Sequence[int], declared: Sequence[str]
    ) -> int:
        def fits(place: int) -> bool:
            own, wanted = sources[place], declared[place]
            return own == wanted or (self.preferred(wanted) and self.category(wanted) == self.category(own))

        return sum(map(fits, known))

    def _by_unknowns(
        self, sources: Sequence[str], known: Sequence[int], unknown: Sequence[int], left: list[Candidate]
    ) -> Candidate | None:
        slots = [self._slot([each[0][place] for each in left]) for place in unknown]
        if all(slots):
            kept = [each for each in left if self._fits_slots(each[0], unknown, slots)]
            left = kept or left
            if len(left) == 1:
                return left[0]
        if len({sources[place] for place in known}) == 1:
            same = [sources[known[0]]] * len(sources)
            kept = [each for each in left if self.can_coerce(same, each[0])]
            if len(kept) == 1:
                return kept[0]
        return None

    def _slot(self, declared: Sequence[str]) -> tuple[str, bool] | None:
        """The category that an unknown argument takes, and whether a preferred type is among the candidates'."""
        category, preferred, conflict = self.category(declared[0]), self.preferred(declared[0]), False
        for type_ in declared[1:]:
            if self.category(type_) == category:
                preferred = preferred or self.preferred(type_)
            elif self.category(type_) == "S":
                category, preferred = "S", self.preferred(type_)
            else:
                conflict = True
        return None if conflict and category != "S" else (category, preferred)

    def _fits_slots(
        self, declared: Sequence[str], unknown: Sequence[int], slots: Sequence[tuple[str, bool] | None]
    ) -> bool:
        return all(
            slot is not None
            and self.category(declared[place]) == slot[0]
            and (not slot[1] or self.preferred(declared[place]))
            for place, slot in zip(unknown, slots, strict=True)
        )


def _outputs(
    types: list[str] | None, modes: list[str] | None, names: list[str] | None
) -> tuple[tuple[str, str], ...]:
    if not (types and modes and names) or len(types) != len(modes):
        return ()
    return tuple((name, type_) for name, type_, mode in zip(names, types, modes, strict=True) if mode == "o")


@cache
def catalog() -> Catalog:
    """The catalogs, read once."""
    packed = files("stepladder.sql.infer").joinpath("catalog.json.gz").read_bytes()
    return Catalog(json.loads(gzip.decompress(packed)))
