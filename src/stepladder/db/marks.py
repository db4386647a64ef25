"""Once-tokens: a mark that commits with the data it stands for, so that a second try can see the first."""

from __future__ import annotations

from stepladder.db import steps
from stepladder.db.connection import Connection

STEPS = ("CREATE TABLE stepladder.once (token text NOT NULL PRIMARY KEY, done_at timestamptz NOT NULL)",)


def take(connection: Connection, token: str) -> bool:
    """Claim `token` in the open transaction; False where it was taken before. Unique per target."""
    steps.take(connection, "marks", STEPS)
    taken = connection.run(
        "INSERT INTO stepladder.once (token, done_at) VALUES (:token, now()) ON CONFLICT (token) DO NOTHING",
        {"token": token},
    )
    return taken.affected == 1
