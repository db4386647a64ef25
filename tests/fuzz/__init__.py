"""Random statements of PostgreSQL's SQL, and what a server and SQLite answer to them."""
