"""One look at every value of a table: how many are of which class, and which of a column's readings fit them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from stepladder.adopt.misfit import Misfit
from stepladder.adopt.readings import Reading

KEPT_MISFITS = 5
_EXACT = 2**53  # up to here a double holds every whole number
_NONE = type(None)
# A text that is no UTF-8 stays a bytearray; any other becomes str. Joined by a byte that is a character of its own, a
# batch is decoded at once: no two broken texts make a whole one.
_JOIN = b"\0"


class ColumnTally:
    """What is known of one column after some batches. `row` names of misfits are whatever the caller gives as keys.

    A reading that has failed is no longer tried while another has not, unless `thorough`: then all misfits are counted.
    """

    def __init__(self, readings: Sequence[Reading], *, thorough: bool = False) -> None:
        self.readings = readings
        self.thorough = thorough
        self.classes: Counter[type] = Counter()
        self.examples: dict[type, tuple[Any, Any]] = {}
        self.misfits: list[list[tuple[Any, Any, str]]] = [[] for _ in readings]
        self.misfit_counts = [0] * len(readings)
        self.converted = [0] * len(readings)
        self.long_doubles = 0  # whole numbers of which SQLite kept the first digits only

    @property
    def values(self) -> int:
        """How many are not NULL."""
        return sum(self.classes.values()) - self.classes[_NONE]

    @property
    def fits(self) -> bool:
        """Whether a reading fits every value until now."""
        return 0 in self.misfit_counts

    def add(self, keys: Sequence[Any], stored: Sequence[Any]) -> None:
        """Look at a batch of values as sqlite3 gives them, text as bytearray."""
        classes = Counter(map(type, stored))
        whole = _decoded(stored) if bytearray in classes else stored
        for kind in classes.keys() - self.examples.keys():
            place = next(at for at, value in enumerate(stored) if type(value) is kind)
            self.examples[kind] = (keys[place], whole[place])
        self.classes.update(classes)
        if float in classes:
            self.long_doubles += sum(type(value) is float and abs(value) >= _EXACT for value in stored)
        for number, reading in enumerate(self.readings):
            failed = self.misfit_counts[number] > 0 and self.fits and not self.thorough
            if not failed and not _all_kept(reading, whole):
                self._look(number, reading, keys, whole)

    def _look(self, number: int, reading: Reading, keys: Sequence[Any], values: Sequence[Any]) -> None:
        converted = 0
        for key, value in zip(keys, values, strict=True):
            if value is None:
                continue
            try:
                stored = reading.convert(readable(value))
                converted += stored != value or type(stored) is not type(value)
            except Misfit as misfit:
                self.misfit_counts[number] += 1
                if len(self.misfits[number]) < KEPT_MISFITS:
                    self.misfits[number].append((key, value, str(misfit)))
        self.converted[number] += converted


def readable(value: Any) -> Any:
    """The value. Raises Misfit for a text that is no UTF-8."""
    if type(value) is bytearray:
        raise Misfit("is no valid UTF-8")
    return value


def _decoded(stored: Sequence[Any]) -> Sequence[Any]:
    texts = [value for value in stored if type(value) is bytearray]
    try:
        joined = _JOIN.join(texts).decode().split("\0")
    except UnicodeDecodeError:
        joined = []
    if len(joined) == len(texts):
        rest = iter(joined)
        return [next(rest) if type(value) is bytearray else value for value in stored]
    return [_one(value) if type(value) is bytearray else value for value in stored]


def _one(value: bytearray) -> str | bytearray:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _all_kept(reading: Reading, values: Sequence[Any]) -> bool:
    """Whether the whole batch is stored as it is: known without a look at each value."""
    if reading.kept is None or set(map(type, values)) - {reading.kept, _NONE}:
        return False
    if reading.kept is str:
        texts = [value for value in values if value is not None]
        longest = reading.type.length
        return "\0" not in "".join(texts) and (longest is None or max(map(len, texts), default=0) <= longest)
    return reading.type.name != "bool" or set(values) <= {0, 1, None}
