"""SQLite files of other programs: PostgreSQL's type of each column found, and the tables rewritten to hold it."""

from stepladder.adopt.adopting import adopt, examine
from stepladder.adopt.plan import ColumnPlan, Obstacle, Plan, TablePlan

__all__ = ["ColumnPlan", "Obstacle", "Plan", "TablePlan", "adopt", "examine"]
