"""HTML pages for people who read figures and write no SQL: text made from values, and nothing else.

Page, Day            what a page shows
stakeholder_page     the page: one file that needs no network and no JavaScript
"""

from __future__ import annotations

from stepladder.report.figures import Day, Page
from stepladder.report.page import stakeholder_page

__all__ = ["Day", "Page", "stakeholder_page"]
