"""An open connection of the user's, borrowed: its transaction is joined, never ended."""
