"""A regular expression as Python's re has it: for whether, and where first, a text matches."""

from __future__ import annotations

import re
from functools import lru_cache

from stepladder.sql.letters import LAST, Ranges, members, without
from stepladder.sql.regex.tree import (
    Back,
    Chain,
    Choice,
    Edge,
    Group,
    Letter,
    Look,
    Node,
    Repeat,
    everything,
)


def pattern(node: Node, *, lines: bool) -> re.Pattern[str] | None:
    """The pattern for re; None where re cannot decide it, or might take for ever."""
    if any(map(_is_hard, everything(node))):
        return None
    return re.compile(_text(node, lines=lines), re.DOTALL)


def _is_hard(node: Node) -> bool:
    """A back reference; what stands before, of any length; a repetition in a repetition, which re may try for hours."""
    if isinstance(node, Repeat):
        return not isinstance(node.inner, Letter) and any(
            isinstance(each, Repeat) for each in everything(node.inner)
        )
    return isinstance(node, Back) or (isinstance(node, Look) and not node.ahead)


def _text(node: Node, *, lines: bool) -> str:
    if isinstance(node, Letter):
        return letters(node.ranges)
    if isinstance(node, Edge):
        return _edge(node.kind, lines=lines)
    if isinstance(node, Chain):
        return "".join(_text(each, lines=lines) for each in node.items)
    if isinstance(node, Choice):
        return f"(?:{'|'.join(_text(each, lines=lines) for each in node.branches)})"
    if isinstance(node, Group):
        return f"(?:{_text(node.inner, lines=lines)})"
    if isinstance(node, Look):
        return f"(?{'!' if node.negated else '='}{_text(node.inner, lines=lines)})"
    assert isinstance(node, Repeat)
    inner = _text(node.inner, lines=lines)
    high = "" if node.high is None else node.high
    lazy = "?" if node.greedy is False else ""
    return f"(?:{inner}){{{node.low},{high}}}{lazy}"


def _edge(kind: str, *, lines: bool) -> str:
    if kind in "^$" and lines:
        return f"(?m:{kind})"
    if kind in "^A":
        return r"\A"
    if kind in "$Z":
        return r"\Z"
    word = letters(members("word"))
    first, behind = f"(?<!{word})(?={word})", f"(?<={word})(?!{word})"
    if kind in "mM":
        return first if kind == "m" else behind
    inside = f"(?<={word})(?={word})|(?<!{word})(?!{word})"
    return f"(?:{first}|{behind})" if kind == "y" else f"(?:{inside})"


@lru_cache(maxsize=512)
def letters(ranges: Ranges) -> str:
    """One character out of the ranges."""
    if not ranges:
        return r"(?!)"
    if ranges == ((1, LAST),):
        return "."
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return re.escape(chr(ranges[0][0]))
    if ranges[0][0] == 1 and ranges[-1][1] == LAST:
        return f"[^{_listed(without(ranges))}]"
    return f"[{_listed(ranges)}]"


def _listed(ranges: Ranges) -> str:
    return "".join(
        re.escape(chr(low)) if low == high else f"{re.escape(chr(low))}-{re.escape(chr(high))}"
        for low, high in ranges
    )
