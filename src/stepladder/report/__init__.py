"""HTML pages for people who read figures and write no SQL: text made from values, and nothing else.

Page, Day            what a page shows
stakeholder_page     the page: one file that needs no network and no JavaScript
ProofPage, ProofModel, ProofRow, proof_page    the page of a proof, likewise
"""

from __future__ import annotations

from stepladder.report.figures import Day, Page
from stepladder.report.page import stakeholder_page
from stepladder.report.proof import ProofModel, ProofPage, ProofRow, proof_page

__all__ = ["Day", "Page", "ProofModel", "ProofPage", "ProofRow", "proof_page", "stakeholder_page"]
