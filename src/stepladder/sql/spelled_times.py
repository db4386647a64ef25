"""Times of day, before which a date may stand (DecodeTimeOnly in datetime.c)."""

from __future__ import annotations

from collections.abc import Sequence

from stepladder.sql.moment_parts import DAY, Known, set_date, set_number, set_run
from stepladder.sql.moment_words import DAYS, JULIAN, MONTHS, BadFormat, Kind, Word
from stepladder.sql.spelled_moments import NOTHING, ZONE, MomentReader, Spelled
from stepladder.sql.spelled_zones import offset
from stepladder.sql.zones import is_fixed


class TimeReader(MomentReader):
    """A time of day, before which a date may stand."""

    def _one(self, word: Word, following: Sequence[Word]) -> Known:
        dated = len(following) >= 2
        if word.kind is Kind.DATE:
            if dated and (following[-1].kind is Kind.DATE or following[1].kind is Kind.TIME):
                return set_date(self.parts, word.text, self.known)
            if not word.text[0].isdigit():
                return self._named_zone(word.text)
            run, minus, behind = word.text.partition("-")
            if "time" in self.known or not minus:
                raise BadFormat
            self.offset = offset(minus + behind, self.text)
            return set_run(self.parts, run, self.known | DAY) | ZONE
        if word.kind is Kind.NUMBER and not self.unit:
            return self._plain(word.text, dated=dated and following[-1].kind is Kind.DATE)
        return super()._one(word, following)

    def _plain(self, word: str, *, dated: bool) -> Known:
        point = word.find(".")
        if point >= 0 and dated:
            return set_date(self.parts, word, self.known)
        if point > 2 or (point < 0 and len(word) > 4):
            return set_run(self.parts, word, self.known | DAY)
        if point >= 0:
            raise BadFormat
        return set_number(self.parts, word, self.known | DAY, month_named=False)

    def _check_clock(self) -> None:
        """It is checked at the end."""

    def _name(self, word: str) -> Known:
        if word in MONTHS or word in DAYS or word in ("epoch", "infinity", "today", "tomorrow", "yesterday"):
            raise BadFormat
        return super()._name(word)

    def _unit(self, word: str) -> Known:
        if self.unit:
            raise BadFormat
        self.unit = "julian" if word in JULIAN else word
        return NOTHING

    def _done(self) -> Spelled:
        if self.special:
            raise BadFormat
        self._check_date()
        self._apply_half()
        self.parts.check_time()
        if "time" not in self.known:
            raise BadFormat
        dated = self.known & DAY
        if (
            self.named is not None
            and "summer word" not in self.known
            and not is_fixed(self.named)
            and dated != DAY
        ):
            raise BadFormat
        zone = self._zone()
        if "zone" not in self.known and dated not in (DAY, NOTHING):
            raise BadFormat
        return Spelled(None, self._since_midnight(), zone)
