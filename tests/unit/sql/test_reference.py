"""The reference of the SQL says what the translator does."""

from __future__ import annotations

from tests.unit.sql.sql_reference import PAGE, page


def test_the_page_is_what_the_translator_says() -> None:
    assert PAGE.read_text() == page(), "write it anew: python -m tests.unit.sql.sql_reference"
