"""A regular expression cut into the parts whose places in the text must be known: as PostgreSQL cuts it.

Which of several matches is taken follows from a preference of each part, for the longest or the shortest; what has no
captures and one preference is not cut further. The rules are those of PostgreSQL's regcomp.c (parsebranch, parseqatom).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from stepladder.sql.regex.tree import (
    EMPTY,
    Back,
    Chain,
    Choice,
    Edge,
    Group,
    Letter,
    Look,
    Node,
    Repeat,
)

LONGER, SHORTER, _MIXED, _CAPTURES, _REFERS = 1, 2, 4, 8, 16
_MESSY = _MIXED | _CAPTURES | _REFERS


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """`kind`: plain, chain (two parts), choice, repeat, group, back. `language` is what it matches."""

    kind: str
    flags: int
    language: Node
    parts: tuple[Part, ...] = ()
    number: int = 0
    low: int = 1
    high: int | None = 1

    @property
    def shortest(self) -> bool:
        """Whether its shortest match is preferred."""
        return bool(self.flags & SHORTER)


def _preference(flags: int) -> int:
    return flags & (LONGER | SHORTER)


def _up(flags: int) -> int:
    clash = flags & LONGER and flags & SHORTER
    return flags & _MESSY | (_MIXED if clash else 0)


def _combined(one: int, other: int) -> int:
    return _up(one | other) | (_preference(one) or _preference(other))


def part(node: Node) -> Part:
    """A whole expression, or what stands in parentheses."""
    if isinstance(node, Chain):
        return part(node.items[0]) if len(node.items) == 1 else _branch(node.items)
    if not isinstance(node, Choice):
        return _branch((node,))
    branches = tuple(part(each) for each in node.branches)
    flags = LONGER
    for branch in branches:
        flags |= _up(flags | branch.flags)
    return Part("choice", flags, node, branches) if flags & _MESSY else Part("plain", flags, node)


def _branch(items: tuple[Node, ...]) -> Part:
    flags = 0
    for place, item in enumerate(items):
        atom = _atom(item)
        found = flags | _quantifier(item) | atom.flags
        if atom.kind not in ("group", "back") and not _up(found) & _MESSY:
            flags = found
            continue
        return _cut(items, place, flags, atom)
    return Part("plain", flags, Chain(items))


def _quantifier(item: Node) -> int:
    if not isinstance(item, Repeat) or item.greedy is None or item.high == 0:
        return 0
    return LONGER if item.greedy else SHORTER


def _atom(item: Node) -> Part:
    """The item without its quantifier."""
    inner = item.inner if isinstance(item, Repeat) else item
    if isinstance(item, Repeat) and item.high == 0:
        return Part("plain", 0, EMPTY)
    if isinstance(inner, Group):
        found = part(inner.inner)
        return Part("group", found.flags | _CAPTURES, inner, (found,), inner.number)
    if isinstance(inner, Back):
        return Part("back", _REFERS, inner, number=inner.number)
    if isinstance(inner, Letter | Edge | Look):
        return Part("plain", 0, inner)
    return part(inner)


def _cut(items: tuple[Node, ...], place: int, flags: int, atom: Part) -> Part:
    """The items before one that is to be cut further, that one, and the rest."""
    item, before, behind = items[place], items[:place], items[place + 1 :]
    wanted = _quantifier(item)
    rest = _branch(behind)
    own = _combined(wanted, atom.flags)
    own |= _combined(own, rest.flags)
    tail = Part("chain", own, Chain(items[place:]), (_quantified(item, wanted, atom), rest))
    if not before:
        return replace(tail, flags=flags | _combined(flags, own))
    head = Part("plain", flags, Chain(before))
    return Part("chain", flags | _combined(flags, own), Chain(items), (head, tail))


def _quantified(item: Node, wanted: int, atom: Part) -> Part:
    if not isinstance(item, Repeat):
        return atom
    low, high = item.low, item.high
    if atom.kind == "back":
        return replace(atom, flags=atom.flags | wanted, language=item, low=low, high=high)
    leaning = atom.flags & (LONGER | SHORTER | _MIXED)
    if low == high == 1 and (not wanted or leaning in (0, wanted)):
        return atom
    flags = _combined(wanted, atom.flags)
    if not atom.flags & (_CAPTURES | _REFERS):
        return Part("plain", flags, item)
    if low > 0 and not atom.flags & _REFERS:
        # Only the last round's captures count: the rounds before it are one part without captures.
        before = Repeat(item.inner, low - 1, None if high is None else high - 1, item.greedy)
        return Part("chain", flags, item, (Part("plain", _preference(flags), before), atom))
    return Part("repeat", flags, item, (atom,), low=low, high=high)
