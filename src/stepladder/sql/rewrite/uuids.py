"""Rules of uuid. Its text is in lower case: the order of the text is that of the sixteen bytes."""

from __future__ import annotations

from stepladder.sql.rewrite.rules import Rule, template

# Native, so that every row draws its own: version 4, variant 10.
_RANDOM = (
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'"
    " || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
)
RULES: dict[str, Rule] = {name: template(_RANDOM) for name in ("gen_random_uuid()", "uuidv4()")}
