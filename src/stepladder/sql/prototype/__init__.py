"""A prototype's SQL (SQLite's dialect, psycopg2's placeholders) as PostgreSQL's, token by token; what is not sure is said."""

from stepladder.sql.prototype.rewriting import Rewritten, rewritten

__all__ = ["Rewritten", "rewritten"]
