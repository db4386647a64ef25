"""What a server says of its collation, and what it means."""

from __future__ import annotations

import pytest

from stepladder.prove.text_order import read_text_order


@pytest.mark.parametrize(
    ("described", "name", "by_bytes"),
    [
        ({"datcollate": "C", "datlocprovider": "c"}, "C", True),
        ({"datcollate": "C"}, "C", True),  # PostgreSQL 14
        ({"datcollate": "en_US.UTF-8", "datlocprovider": "c"}, "en_US.UTF-8", False),
        ({"datcollate": "C", "datlocprovider": "i", "daticulocale": "en-US"}, "en-US", False),
        ({"datcollate": "C", "datlocprovider": "i", "datlocale": "und"}, "und", False),
        ({"datcollate": "en_US.UTF-8", "datlocprovider": "b", "datlocale": "C.UTF-8"}, "C.UTF-8", True),
        ({"datcollate": "C", "datlocprovider": "b", "datlocale": "PG_UNICODE_FAST"}, "PG_UNICODE_FAST", True),
    ],
)
def test_a_database_says_by_what_it_orders(described: dict[str, object], name: str, by_bytes: bool) -> None:
    found = read_text_order(described, "UTF8")
    assert (found.name, found.by_bytes) == (name, by_bytes)
    assert ("as on SQLite" in found.meaning) == by_bytes


def test_bytes_of_another_encoding_have_another_order() -> None:
    assert not read_text_order({"datcollate": "C", "datlocprovider": "c"}, "SJIS").by_bytes
