"""Two results compared row by row: which rows differ, where, and of what kind the difference is. Values only.

Table, compare            what is compared, and the comparison
Comparison, Difference    what was found
reason                    of what kind the difference of two values is
"""

from __future__ import annotations

from stepladder.compare.comparison import Comparison, Difference
from stepladder.compare.reasons import reason
from stepladder.compare.tables import Table, compare

__all__ = ["Comparison", "Difference", "Table", "compare", "reason"]
