"""Where an expression can begin and end in a text: sets of places as the bits of one integer, all at once.

Back references match what the capture's expression matches; whether it is the same text is looked at afterwards.
"""

from __future__ import annotations

from collections.abc import Callable

from stepladder.sql.letters import Ranges, members
from stepladder.sql.regex.tree import Back, Chain, Choice, Edge, Group, Letter, Look, Node, Repeat

Step = Callable[[Node, int], int]


class Places:
    """One text. Bit i of a set of places stands for the place before the i-th character."""

    def __init__(self, text: str, *, lines: bool) -> None:
        self.text = text
        self.all = (1 << (len(text) + 1)) - 1
        self._lines = lines
        self._letters: dict[Ranges, int] = {}
        self._fixed: dict[Edge | Look, int] = {}
        self._ends: dict[tuple[int, int], int] = {}

    def ends(self, node: Node, start: int) -> int:
        """The places where `node` can end if it begins at `start`."""
        key = (id(node), start)
        found = self._ends.get(key)
        if found is None:
            found = self._ends[key] = self.after(node, 1 << start)
        return found

    def after(self, node: Node, starts: int) -> int:
        """The places where `node` can end if it begins at one of `starts`."""
        if isinstance(node, Letter):
            return (starts & self._of(node.ranges)) << 1
        if isinstance(node, Chain):
            for item in node.items:
                starts = self.after(item, starts)
            return starts
        if isinstance(node, Repeat):
            return self._repeated(self.after, node, starts)
        return self._other(self.after, node, starts)

    def before(self, node: Node, ends: int) -> int:
        """The places where `node` can begin if it ends at one of `ends`."""
        if isinstance(node, Letter):
            return (ends >> 1) & self._of(node.ranges)
        if isinstance(node, Chain):
            for item in reversed(node.items):
                ends = self.before(item, ends)
            return ends
        if isinstance(node, Repeat):
            return self._repeated(self.before, node, ends)
        return self._other(self.before, node, ends)

    def _other(self, step: Step, node: Node, places: int) -> int:
        if not places:
            return 0
        if isinstance(node, Choice):
            found = 0
            for branch in node.branches:
                found |= step(branch, places)
            return found
        if isinstance(node, Group):
            return step(node.inner, places)
        if isinstance(node, Back):
            return step(without_edges(node.group), places)
        assert isinstance(node, Edge | Look)
        return places & self._places_of(node)

    def _repeated(self, step: Step, node: Repeat, places: int) -> int:
        for _ in range(node.low):
            places = step(node.inner, places)
        if node.high is None and step == self.after and isinstance(node.inner, Letter):
            return self._run(places, self._of(node.inner.ranges))
        found, new, left = places, places, -1 if node.high is None else node.high - node.low
        while new and left:
            new = step(node.inner, new) & ~found
            found |= new
            left -= 1
        return found

    @staticmethod
    def _run(starts: int, letters: int) -> int:
        """`starts`, and every place that a run of `letters` leads to from them: the carry of an addition does it."""
        return (((letters & starts) + letters) ^ letters) | starts

    def _of(self, ranges: Ranges) -> int:
        """The places before a character out of `ranges`."""
        found = self._letters.get(ranges)
        if found is None:
            held = {each for each in set(self.text) if is_within(ranges, ord(each))}
            bits = "".join("1" if each in held else "0" for each in reversed(self.text))
            found = self._letters[ranges] = int(bits or "0", 2)
        return found

    def _places_of(self, node: Edge | Look) -> int:
        found = self._fixed.get(node)
        if found is None:
            found = self._fixed[node] = self._edge(node.kind) if isinstance(node, Edge) else self._look(node)
        return found

    def _look(self, node: Look) -> int:
        found = (self.before if node.ahead else self.after)(node.inner, self.all)
        return self.all & ~found if node.negated else found

    def _edge(self, kind: str) -> int:
        last = 1 << len(self.text)
        newlines = self._of(((10, 10),)) if self._lines else 0
        if kind in ("A", "^"):
            return 1 | (newlines << 1 if kind == "^" else 0)
        if kind in ("Z", "$"):
            return last | (newlines if kind == "$" else 0)
        following = self._of(members("word"))
        preceding = following << 1
        first, behind = following & ~preceding, preceding & ~following
        both = first | behind
        return {"m": first, "M": behind, "y": both, "Y": self.all & ~both}[kind]


def is_within(ranges: Ranges, code: int) -> bool:
    """Whether a character is in one of the ranges, which are in order."""
    low, high = 0, len(ranges)
    while low < high:
        middle = (low + high) // 2
        if ranges[middle][1] < code:
            low = middle + 1
        else:
            high = middle
    return low < len(ranges) and ranges[low][0] <= code


def without_edges(node: Node) -> Node:
    """What a back reference repeats: the text, wherever the capture had to stand."""
    if isinstance(node, Edge | Look):
        return Chain(())
    if isinstance(node, Chain):
        return Chain(tuple(map(without_edges, node.items)))
    if isinstance(node, Choice):
        return Choice(tuple(map(without_edges, node.branches)))
    if isinstance(node, Group):
        return without_edges(node.inner)
    if isinstance(node, Repeat):
        return Repeat(without_edges(node.inner), node.low, node.high, node.greedy)
    return without_edges(node.group) if isinstance(node, Back) else node
