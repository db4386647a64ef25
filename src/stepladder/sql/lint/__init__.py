"""What a statement would do otherwise elsewhere: what SQLite cannot answer, and what the server or chance decides."""

from stepladder.sql.lint.finding import Finding, Text, failing
from stepladder.sql.lint.statements import Setting, lint_script, lint_statement, zone_findings

__all__ = ["Finding", "Setting", "Text", "failing", "lint_script", "lint_statement", "zone_findings"]
