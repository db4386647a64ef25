"""Ratios, printed as tables: ours beside the limit, and beside what a user would pick instead."""
