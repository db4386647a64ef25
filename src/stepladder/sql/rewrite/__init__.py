"""The typed tree as SQLite's SQL, one module a kind of construct."""
