"""SQL/JSON paths, read: lax mode, members, elements, filters, comparisons. What else there is is refused by name.

https://www.postgresql.org/docs/current/functions-json.html#FUNCTIONS-SQLJSON-PATH
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from stepladder.errors import NotPortable

_TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")|(?P<number>\d+(?:\.\d+)?(?![\w.]))'
    r"|(?P<word>[A-Za-z_]\w*)|(?P<variable>\$[A-Za-z_]\w*)|(?P<sign>==|!=|<>|<=|>=|&&|\|\||[][<>!().,?*@$-]))",
    re.ASCII,
)
_COMPARISONS = {"==": "=", "!=": "<>", "<>": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
METHODS = ("size", "type")
_LITERALS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Step:
    """One accessor: `kind` is key, members, elements, filter or method."""

    kind: str
    detail: Any = None


@dataclass(frozen=True, slots=True)
class Path:
    """Accessors from a start: `$`, `@`, or a variable's name behind its `$`."""

    start: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """A scalar."""

    value: Any


@dataclass(frozen=True, slots=True)
class Predicate:
    """`word` is and, or, not, exists, unknown, starts, or a comparison's symbol."""

    word: str
    parts: tuple[Any, ...]


@lru_cache(maxsize=256)
def parse_path(text: str) -> Path | Predicate | Literal:
    """The path that `text` spells. Raises NotPortable for what is not known here, or is no path."""
    return _Reader(text).whole()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while match := _TOKEN.match(text, at):
            self.tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
            at = match.end()
        if text[at:].strip() or not self.tokens:
            raise self.refused()
        self.at = 0

    def refused(self) -> NotPortable:
        return NotPortable(
            f"the JSON path {self.text[:100]}",
            why="of SQL/JSON's paths lax members, elements, filters and comparisons are known",
            instead="read the members with -> and ->>",
        )

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> bool:
        if self.peek() not in wanted or self.tokens[self.at][0] == "string":
            return False
        self.at += 1
        return True

    def need(self, wanted: str) -> None:
        if not self.take(wanted):
            raise self.refused()

    def whole(self) -> Path | Predicate | Literal:
        self.take("lax")
        found: Path | Predicate | Literal = self.either()
        if self.at < len(self.tokens):
            raise self.refused()
        return found

    # -- predicates
    def predicate(self) -> Predicate:
        found = self.either()
        if not isinstance(found, Predicate):
            raise self.refused()
        return found

    def either(self) -> Any:
        return self._chain("||", "or", lambda: self._chain("&&", "and", self._factor))

    def _chain(self, sign: str, word: str, part: Any) -> Any:
        parts = [part()]
        while self.take(sign):
            parts.append(part())
        if len(parts) > 1 and not all(isinstance(each, Predicate) for each in parts):
            raise self.refused()
        return parts[0] if len(parts) == 1 else Predicate(word, tuple(parts))

    def _factor(self) -> Any:
        if self.take("!"):
            inner = self._factor()
            if not isinstance(inner, Predicate):
                raise self.refused()
            return Predicate("not", (inner,))
        if self.take("exists"):
            self.need("(")
            path = self._operand()
            self.need(")")
            return Predicate("exists", (path,))
        if self.take("("):
            inner = self.predicate()
            self.need(")")
            if self.take("is"):
                self.need("unknown")
                return Predicate("unknown", (inner,))
            return inner
        return self._comparison()

    def _comparison(self) -> Any:
        left = self._operand()
        sign = self.peek()
        if self.take(*_COMPARISONS):
            return Predicate(_COMPARISONS[sign], (left, self._operand()))
        if self.take("starts"):
            self.need("with")
            right = self._operand()
            if not isinstance(right, Literal) or not isinstance(right.value, str):
                raise self.refused()
            return Predicate("starts", (left, right))
        return left

    # -- operands
    def _operand(self) -> Path | Literal:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        self.at += 1
        if kind == "string":
            return Literal(json.loads(text))
        if kind == "number":
            return Literal(Decimal(text))
        if text == "-" and self.at < len(self.tokens) and self.tokens[self.at][0] == "number":
            self.at += 1
            return Literal(-Decimal(self.tokens[self.at - 1][1]))
        if kind == "word" and text in _LITERALS:
            return Literal(_LITERALS[text])
        if text in ("$", "@") or kind == "variable":
            return Path(text, tuple(self._steps()))
        raise self.refused()

    def _steps(self) -> list[Step]:
        found = []
        while self.peek() in (".", "[", "?") and self.tokens[self.at][0] == "sign":
            if self.take("["):
                found.append(self._elements())
            elif self.take("?"):
                self.need("(")
                found.append(Step("filter", self.predicate()))
                self.need(")")
            else:
                self.need(".")
                found.append(self._member())
        return found

    def _member(self) -> Step:
        if self.take("*"):
            return Step("members")
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        self.at += 1
        if kind == "string":
            return Step("key", json.loads(text))
        if kind != "word":
            raise self.refused()
        if not self.take("("):
            return Step("key", text)
        self.need(")")
        if text not in METHODS:
            raise self.refused()
        return Step("method", text)

    def _elements(self) -> Step:
        if self.take("*"):
            self.need("]")
            return Step("elements")
        ranges = []
        while True:
            first = self._place()
            ranges.append((first, self._place() if self.take("to") else first))
            if not self.take(","):
                break
        self.need("]")
        return Step("elements", tuple(ranges))

    def _place(self) -> int:
        """From 0; places from the end are negative."""
        if self.take("last"):
            return -1 - (self._whole() if self.take("-") else 0)
        return self._whole()

    def _whole(self) -> int:
        text = self.peek()
        if not text.isdecimal():
            raise self.refused()
        self.at += 1
        return int(text)
