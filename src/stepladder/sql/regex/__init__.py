"""PostgreSQL's regular expressions: read, turned into Python's where those decide the same, else matched by its rules."""

from stepladder.sql.regex.compiled import Regex, compiled
from stepladder.sql.regex.options import Options, options
from stepladder.sql.regex.similar import similar_pattern

__all__ = ["Options", "Regex", "compiled", "options", "similar_pattern"]
