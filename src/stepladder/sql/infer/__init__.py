"""Names and types of a statement, as PostgreSQL's parse analysis gives them: a typed tree."""
