"""`'now'`, `'today'`, `'tomorrow'`, `'yesterday'` as literals of a date or time: the transaction's clock, not the text's."""

from __future__ import annotations

from stepladder.sql.infer.tree import Call, Cast, Constant, Expression
from stepladder.sql.texts import BLANKS
from stepladder.sql.types import Type

_DAYS = {"today": 0, "tomorrow": 1, "yesterday": -1}
_NOW = {"date": "current_date", "timestamp": "localtimestamp", "timestamptz": "now", "time": "localtime"}


def clock_word(text: str, type_: Type, position: int | None) -> Expression | None:
    """What the word stands for in that type; None where it is none."""
    word = text.strip(BLANKS).lower()
    if type_.name not in _NOW:
        return None
    if word == "now":
        return Call(type=Type(type_.name), position=position, name=_NOW[type_.name], arguments=())
    if word not in _DAYS or type_.name == "time":
        return None
    date = Type("date")
    today = Call(type=date, position=position, name="current_date", arguments=())
    days = Constant(type=Type("int4"), position=position, value=_DAYS[word])
    day = (
        Call(type=date, position=position, name="date_pli", arguments=(today, days)) if days.value else today
    )
    if type_.name == "date":
        return day
    return Cast(type=Type(type_.name), position=position, argument=day, method="function", explicit=True)
