"""PostgreSQL's spellings of dates and times: `Jan 5, 2024`, `1/5/2024 10:11 PM EST`, read as the server reads them.

With DateStyle ISO, MDY (https://www.postgresql.org/docs/current/datetime-input-rules.html).
"""

from __future__ import annotations

from stepladder.errors import InvalidDatetime
from stepladder.sql.moment_parts import Beyond
from stepladder.sql.moment_words import BadFormat, words
from stepladder.sql.spelled_moments import MomentReader, Spelled
from stepladder.sql.spelled_times import TimeReader
from stepladder.sql.types import Type

_ROOM = {"date": 129, "time": 129, "timestamp": 153, "timestamptz": 153}


def read(text: str, type_: Type) -> Spelled:
    """What a text says of a date, time, timestamp or timestamptz. Raises DataError's classes, NotPortable."""
    reader = (TimeReader if type_.name == "time" else MomentReader)(text, type_)
    try:
        return reader.read(words(text, _ROOM[type_.name]))
    except BadFormat:
        shown = str(type_).removesuffix(" without time zone")
        raise InvalidDatetime(f'invalid input syntax for type {shown}: "{text}"') from None
    except Beyond:
        message = f'date/time field value out of range: "{text}"'
        raise InvalidDatetime(message, sqlstate="22008") from None
