"""Which row of one side belongs to which row of the other. Rows are places (from 0) and exact forms here.

Every function is the same from both sides: with left and right exchanged, so are its results.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from operator import eq

Form = tuple[Hashable, ...]
Name = Callable[[int], Hashable]


@dataclass(slots=True)
class Pairing:
    """Places of rows: `changed` pairs those that belong together and differ.

    `moved` pairs what stands at one place of two orders and is not the same; `doubled` are the (left,
    right) places of each key that a side has more than once.
    """

    changed: list[tuple[int, int]] = field(default_factory=list)
    only_left: list[int] = field(default_factory=list)
    only_right: list[int] = field(default_factory=list)
    moved: list[tuple[int, int]] = field(default_factory=list)
    doubled: list[tuple[list[int], list[int]]] = field(default_factory=list)

    def meet(self, left: Name, right: Name) -> None:
        """Pair the rows that are still alone, where their names are equal."""
        pairs, self.only_left, self.only_right = _meet(self.only_left, self.only_right, left, right)
        self.changed += pairs


@dataclass(frozen=True, slots=True)
class Side:
    """The rows of one side: `forms` by place; `near` names a row, the same for rows that look the same."""

    forms: Sequence[Form]
    near: Name


def in_order(left: Side, right: Side) -> Pairing:
    """Row by row between the common beginning and the common end."""
    head = _common_beginning(left.forms, right.forms)
    tail = _common_beginning(left.forms[head:][::-1], right.forms[head:][::-1])
    ours = range(head, len(left.forms) - tail)
    theirs = range(head, len(right.forms) - tail)
    both = [(i, j) for i, j in zip(ours, theirs, strict=False) if left.forms[i] != right.forms[j]]
    if _same_rows(left, right):
        return Pairing(moved=both)
    shorter = min(len(ours), len(theirs))
    return Pairing(both, [*ours[shorter:]], [*theirs[shorter:]])


def _common_beginning(left: Sequence[Form], right: Sequence[Form]) -> int:
    return sum(1 for _ in takewhile(bool, map(eq, left, right)))


def _same_rows(left: Side, right: Side) -> bool:
    return len(left.forms) == len(right.forms) and Counter(left.forms) == Counter(right.forms)


def as_multisets(left: Side, right: Side) -> Pairing:
    """Rows without their equal on the other side; those nearly the same are `changed` ones."""
    found = _multiset(left, right, range(len(left.forms)), range(len(right.forms)))
    _bring_together(found, left, right)
    return found


def by_key(left: Side, right: Side, key: Sequence[int]) -> Pairing:
    """Rows by the exact values in the columns `key`; then, where a key is nearly the same, by that."""
    found = Pairing()
    left_places, right_places = _places(left.forms, key), _places(right.forms, key)
    for name in {**left_places, **right_places}:
        _pair_key(found, left, right, left_places.get(name, []), right_places.get(name, []))
    found.meet(left.near, right.near)
    return found


def _pair_key(found: Pairing, left: Side, right: Side, ours: list[int], theirs: list[int]) -> None:
    """The rows of one key: equals go away, of the rest as many are changed rows as both sides have."""
    if len(ours) > 1 or len(theirs) > 1:
        found.doubled.append((ours, theirs))
    elif ours and theirs and left.forms[ours[0]] == right.forms[theirs[0]]:
        return
    group = _multiset(left, right, ours, theirs)
    both = min(len(group.only_left), len(group.only_right))
    found.changed += zip(group.only_left[:both], group.only_right[:both], strict=True)
    found.only_left += group.only_left[both:]
    found.only_right += group.only_right[both:]


def first_out_of_order(left: Side, right: Side, key: Sequence[int]) -> tuple[int, int] | None:
    """Where the keys that both sides have first come in different orders."""
    left_places, right_places = _places(left.forms, key), _places(right.forms, key)
    ours = [name for name in left_places if name in right_places]
    theirs = [name for name in right_places if name in left_places]
    names = next(((one, other) for one, other in zip(ours, theirs, strict=True) if one != other), None)
    return names and (left_places[names[0]][0], right_places[names[1]][0])


def _places(forms: Sequence[Form], key: Sequence[int]) -> dict[Form, list[int]]:
    places: defaultdict[Form, list[int]] = defaultdict(list)
    for place, form in enumerate(forms):
        places[_key(form, key)].append(place)
    return places


def _key(form: Form, key: Sequence[int]) -> Form:
    return tuple(form[column] for column in key)


def _multiset(left: Side, right: Side, ours: Sequence[int], theirs: Sequence[int]) -> Pairing:
    return Pairing(
        only_left=_without_equal(left.forms, ours, Counter(right.forms[place] for place in theirs)),
        only_right=_without_equal(right.forms, theirs, Counter(left.forms[place] for place in ours)),
    )


def _without_equal(forms: Sequence[Form], places: Iterable[int], others: Counter[Form]) -> list[int]:
    alone = []
    for place in places:
        if others[forms[place]]:
            others[forms[place]] -= 1
        else:
            alone.append(place)
    # Sorted by what they hold, so that what is paired below does not depend on the order that rows came in.
    return sorted(alone, key=lambda place: repr(forms[place]))


def _bring_together(found: Pairing, left: Side, right: Side) -> None:
    """Pair rows that look the same, then rows that differ in one column (from the last: keys come early)."""
    found.meet(left.near, right.near)
    width = len(left.forms[0]) if left.forms else 0
    for column in reversed(range(width)) if width > 1 else ():
        found.meet(_without(left.forms, column), _without(right.forms, column))
    if len(found.only_left) == len(found.only_right) == 1:
        found.meet(lambda _: None, lambda _: None)


def _without(forms: Sequence[Form], column: int) -> Name:
    return lambda place: forms[place][:column] + forms[place][column + 1 :]


def _meet(
    ours: Sequence[int], theirs: Sequence[int], left: Name, right: Name
) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    waiting: defaultdict[Hashable, list[int]] = defaultdict(list)
    for place in reversed(theirs):
        waiting[right(place)].append(place)
    pairs, alone = [], []
    for place in ours:
        names = waiting[left(place)]
        if names:
            pairs.append((place, names.pop()))
        else:
            alone.append(place)
    met = {theirs_place for _, theirs_place in pairs}
    return pairs, alone, [place for place in theirs if place not in met]
