"""Rules of LIKE. A pattern that is written out becomes SQLite's own GLOB, which heeds case and uses an index."""

from __future__ import annotations

from stepladder.sql.functions.like import like_escape
from stepladder.sql.infer.tree import Call, Constant, Expression
from stepladder.sql.rewrite.characters import padded
from stepladder.sql.rewrite.rules import Print, Rule, function, string

_LONGEST = 10_000  # SQLite takes 50,000 bytes
_GLOBS = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}


def glob(pattern: str) -> str | None:
    """LIKE's pattern as GLOB's; None where it is wrong, or long."""
    if len(pattern) > _LONGEST:
        return None
    parts, letters = [], iter(pattern)
    for letter in letters:
        if letter != "\\":
            parts.append(_GLOBS.get(letter, letter))
            continue
        following = next(letters, None)
        if following is None:
            return None
        parts.append(f"[{following}]" if following in "*?[" else following)
    return "".join(parts)


def _like(*, negated: bool) -> Rule:
    def rule(show: Print, call: Call) -> str:
        text, pattern = call.arguments
        found = _as_glob(pattern)
        shown = padded(show, text)
        test = f"pg_like({shown}, {show(pattern)})" if found is None else f"{shown} GLOB {string(found)}"
        return f"(NOT ({test}))" if negated else f"({test})"

    return rule


def _as_glob(pattern: Expression) -> str | None:
    """The GLOB of a pattern that is written out, its ESCAPE too."""
    if isinstance(pattern, Constant):
        return glob(pattern.value) if isinstance(pattern.value, str) else None
    if isinstance(pattern, Call) and pattern.name == "like_escape":
        words = [each.value for each in pattern.arguments if isinstance(each, Constant)]
        if len(words) == 2 and all(isinstance(word, str) for word in words) and len(words[1]) <= 1:
            return glob(like_escape(*words))
    return None


def _ilike(*, negated: bool) -> Rule:
    def rule(show: Print, call: Call) -> str:
        text, pattern = call.arguments
        test = f"pg_ilike({padded(show, text)}, {show(pattern)})"
        return f"(NOT {test})" if negated else test

    return rule


RULES: dict[str, Rule] = {
    **{f"{kind}like({kind},text)": _like(negated=False) for kind in ("text", "bpchar")},
    **{f"{kind}nlike({kind},text)": _like(negated=True) for kind in ("text", "bpchar")},
    **{f"{kind}iclike({kind},text)": _ilike(negated=False) for kind in ("text", "bpchar")},
    **{f"{kind}icnlike({kind},text)": _ilike(negated=True) for kind in ("text", "bpchar")},
    "like_escape(text,text)": function("pg_like_escape"),
}
