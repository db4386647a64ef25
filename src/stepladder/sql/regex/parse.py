"""PostgreSQL's advanced regular expressions, read as its own lexer and parser read them.

https://www.postgresql.org/docs/current/functions-matching.html#POSIX-SYNTAX-DETAILS
"""

from __future__ import annotations

from dataclasses import replace

from stepladder.errors import DataError
from stepladder.sql.letters import LAST, Ranges, members, other_cases, without
from stepladder.sql.regex.brackets import BLANKS, Escape, bracket, escape
from stepladder.sql.regex.options import Options, changed
from stepladder.sql.regex.tree import EMPTY, Back, Chain, Choice, Edge, Group, Letter, Look, Node, Repeat

_MOST = 255  # repetitions
_EVERY: Ranges = ((1, LAST),)
_NEWLINE: Ranges = ((10, 10),)
_LOOKS = {"?=": (True, False), "?!": (True, True), "?<=": (False, False), "?<!": (False, True)}


def invalid(reason: str) -> DataError:
    """PostgreSQL's error of a pattern."""
    return DataError(f"invalid regular expression: {reason}", sqlstate="2201B")


def parse(pattern: str, options: Options) -> tuple[Node, Options, int]:
    """The tree, the options with those that the pattern itself sets, the number of captures.

    Raises DataError (2201B); NotPortable.
    """
    options, at = _prefixes(pattern, options)
    if options.literal:
        plain = Parser(pattern, at, options)
        letters = tuple(plain.letter(((ord(each), ord(each)),)) for each in pattern[at:])
        return Chain(letters), options, 0
    parser = Parser(pattern, at, options)
    return parser.whole(), options, parser.captures


def _prefixes(pattern: str, options: Options) -> tuple[Options, int]:
    at = 0
    if options.literal:
        return options, at
    if pattern.startswith("***"):
        if pattern[3:4] == "=":
            return replace(options, literal=True, spaced=False, stop=False, lines=False), 4
        if pattern[3:4] != ":":
            raise invalid(
                "invalid regexp (reg version 0.8)" if pattern[3:4] == "?" else "quantifier operand invalid"
            )
        at = 4
    if pattern.startswith("(?", at) and _is_ascii_letter(pattern[at + 2 : at + 3]):
        return _embedded(pattern, options, at + 2)
    return options, at


def _embedded(pattern: str, options: Options, at: int) -> tuple[Options, int]:
    while _is_ascii_letter(pattern[at : at + 1]):
        try:
            options = changed(options, pattern[at])
        except KeyError:
            raise invalid("invalid embedded option") from None
        at += 1
    if pattern[at : at + 1] != ")":
        raise invalid("invalid embedded option")
    if options.literal:
        options = replace(options, spaced=False, stop=False, lines=False)
    return options, at + 1


def _is_ascii_letter(text: str) -> bool:
    return text.isascii() and text.isalpha()


class Parser:
    """One pattern's reading, from left to right."""

    def __init__(self, pattern: str, at: int, options: Options) -> None:
        self.captures = 0
        self._closed: dict[int, Node] = {}  # the captures that a back reference may name
        self._pattern = pattern
        self._at = at
        self._options = options
        self._looking = 0  # how many lookarounds it is inside of

    def whole(self) -> Node:
        """The whole pattern."""
        found = self._choice()
        if self._at < len(self._pattern):
            raise invalid("parentheses () not balanced")
        return found

    def letter(self, ranges: Ranges) -> Letter:
        """One character, in either case where that is wanted."""
        return Letter(other_cases(ranges) if self._options.any_case else ranges)

    # -- characters
    def _peek(self) -> str:
        """The next character that means something; empty at the end."""
        while True:
            if self._options.spaced:
                self._skip_blanks()
            if not self._pattern.startswith("(?#", self._at):
                return self._pattern[self._at : self._at + 1]
            end = self._pattern.find(")", self._at)
            self._at = end + 1 if end >= 0 else len(self._pattern)

    def _skip_blanks(self) -> None:
        while (here := self._pattern[self._at : self._at + 1]) and here in BLANKS + "#":
            end = self._pattern.find("\n", self._at) if here == "#" else self._at + 1
            self._at = end if end >= 0 else len(self._pattern)

    def _take(self, text: str) -> bool:
        if not self._pattern.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    # -- structure
    def _choice(self) -> Node:
        branches = [self._branch()]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._branch())
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _branch(self) -> Node:
        items: list[Node] = []
        while (here := self._peek()) and here not in "|)":
            items.append(self._item(here))
        return items[0] if len(items) == 1 else Chain(tuple(items)) if items else EMPTY

    def _item(self, here: str) -> Node:
        if here in "*+?" or (here == "{" and self._is_bound()):
            raise invalid("quantifier operand invalid")
        atom = self._atom(here)
        return atom if isinstance(atom, Edge | Look) else self._repeated(atom)

    def _atom(self, here: str) -> Node:
        if here == "(":
            return self._parenthesis()
        if here == "[":
            return self._bracket()
        self._at += 1
        if here in "^$":
            return Edge(here)
        if here == ".":
            return Letter(without(_NEWLINE) if self._options.stop else _EVERY)
        if here == "\\":
            return self._escaped()
        return self.letter(((ord(here), ord(here)),))

    def _parenthesis(self) -> Node:
        for mark, (ahead, negated) in _LOOKS.items():
            if self._take("(" + mark):
                self._looking += 1
                inner = self._inside()
                self._looking -= 1
                return Look(inner, ahead, negated)
        if self._take("(?:"):
            return Chain((self._inside(),))
        if self._take("(?"):
            raise invalid("quantifier operand invalid")
        self._at += 1
        if self._looking:
            return Chain((self._inside(),))
        self.captures += 1
        number = self.captures
        inner = self._inside()
        self._closed[number] = inner
        return Group(number, inner)

    def _inside(self) -> Node:
        found = self._choice()
        if not self._take(")"):
            raise invalid("parentheses () not balanced")
        return found

    def _bracket(self) -> Node:
        for kind, word in (("m", "[[:<:]]"), ("M", "[[:>:]]")):
            if self._take(word):
                return Edge(kind)
        ranges, negated, self._at = bracket(self._pattern, self._at + 1, any_case=self._options.any_case)
        if negated:
            ranges = without((*ranges, *_NEWLINE) if self._options.stop else ranges)
        return Letter(ranges)

    def _escaped(self) -> Node:
        found, self._at = escape(self._pattern, self._at, self.captures)
        kind, value = found
        if kind is Escape.EDGE:
            return Edge(str(value))
        if kind is Escape.BACK:
            number = int(value)
            if self._looking or number not in self._closed:
                raise invalid("invalid backreference number")
            return Back(number, self._closed[number])
        if kind is Escape.CLASS:
            return Letter(members(str(value)))
        if kind is Escape.OTHERS:
            return Letter(without(members(str(value))))
        code = int(value)
        return self.letter(((code, code),) if 0 < code <= LAST else ())

    # -- quantifiers
    def _repeated(self, atom: Node) -> Node:
        here = self._peek()
        if here and here in "*+?":
            self._at += 1
            low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}[here]
            return Repeat(atom, low, high, not self._take("?"))
        if here == "{" and self._is_bound():
            return self._bound(atom)
        return atom

    def _is_bound(self) -> bool:
        following = self._pattern[self._at + 1 : self._at + 2]
        return following.isascii() and following.isdigit()

    def _bound(self, atom: Node) -> Node:
        self._at += 1
        low = self._number()
        high: int | None = low
        exact = self._peek() != ","
        if not exact:
            self._at += 1
            following = self._peek()
            high = self._number() if following.isascii() and following.isdigit() else None
        if not self._peek():
            raise invalid("braces {} not balanced")
        if (high is not None and low > high) or not self._take("}"):
            raise invalid("invalid repetition count(s)")
        lazy = self._take("?")
        return Repeat(atom, low, high, None if exact else not lazy)

    def _number(self) -> int:
        value = 0
        while (digit := self._peek()) and digit.isascii() and digit.isdigit():
            value = value * 10 + int(digit)
            if value > _MOST:
                raise invalid("invalid repetition count(s)")
            self._at += 1
        return value
