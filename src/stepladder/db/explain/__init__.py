"""How an engine means to run a statement, in the same words on both, and what is slow in it."""
