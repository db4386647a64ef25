"""What a rewriting has to say, with its places."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Remark:
    """`place` counts characters of the prototype's text."""

    place: int
    severity: str
    what: str
    why: str = ""
    instead: str = ""


@dataclass(slots=True)
class Remarks:
    """Gathered while a text is rewritten."""

    all: list[Remark] = field(default_factory=list)

    def note(self, place: int, what: str, why: str = "") -> None:
        """What was rewritten, and is to be looked at."""
        self.all.append(Remark(place, "noted", what, why))

    def refuse(self, place: int, what: str, instead: str = "") -> None:
        """What could not be rewritten."""
        self.all.append(Remark(place, "refused", what, "", instead))
