"""A finding of `lint`: a value, and how it is printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stepladder.errors import SqlSyntaxError
from stepladder.sql.lexer import Token, tokens

_NO_CODE = ("space", "comment")


@dataclass(frozen=True, slots=True)
class Text:
    """A file's text, and where in it a statement begins (in characters)."""

    file: str
    text: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found. `severity` is refused, error, slow, collation, nondeterministic, zone or undecided.

    `line` and `column` count from 1; `snippet` is that line, the place underlined.
    """

    file: str
    line: int
    column: int
    severity: str
    what: str
    why: str = ""
    instead: str = ""
    snippet: tuple[str, ...] = ()

    @property
    def fails(self) -> bool:
        """Whether the exit code is 1 for it."""
        return self.severity in ("refused", "error")

    def __str__(self) -> str:
        lines = [f"{self.file}:{self.line}:{self.column}  {self.severity}: {self.what}"]
        lines += [f"    {line}" for line in self.snippet]
        lines += [
            f"  {word:<8} {text}" for word, text in (("why", self.why), ("instead", self.instead)) if text
        ]
        return "\n".join(lines)


def failing(findings: Iterable[Finding]) -> bool:
    """Whether one of them is refused or an error."""
    return any(finding.fails for finding in findings)


def found(
    source: Text, position: int | None, severity: str, what: str, why: str = "", instead: str = ""
) -> Finding:
    """A finding at a place of the statement, counted in characters; at its first word where no place is known."""
    at = min(source.offset + (position or 0), len(source.text))
    start = source.text.rfind("\n", 0, at) + 1
    line = source.text[start:].partition("\n")[0].rstrip("\r")
    return Finding(
        file=source.file,
        line=source.text.count("\n", 0, at) + 1,
        column=at - start + 1,
        severity=severity,
        what=what,
        why=why,
        instead=instead,
        snippet=_underlined(line, at - start),
    )


def _underlined(line: str, column: int) -> tuple[str, ...]:
    if not line.strip():
        return ()
    shown = line.expandtabs(1)
    blanks = len(shown) - len(shown.lstrip())
    marks = " " * (column - blanks) + "^" * max(1, min(_width(line[column:]), len(line) - column))
    return shown.strip(), marks


def _width(rest: str) -> int:
    """How long the word, the call with its parentheses, or the whole is that `rest` begins with."""
    try:
        code = list(tokens(rest))
    except SqlSyntaxError:  # a string that goes on in the next line
        return len(rest.rstrip())
    if not code:
        return 1
    return _call_end(code) if len(code) > 1 and code[1].text == "(" else code[0].end


def _call_end(code: list[Token]) -> int:
    depth = 0
    for token in code[1:]:
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0:
            return token.end
    return max((token.end for token in code if token.kind not in _NO_CODE), default=1)
