"""The same input on SQLite and on PostgreSQL, in scratch space, and every row of both outputs beside each other.

prove                what `stepladder prove` does, without a word printed
Proof, ModelProof    what was found; values
diagnose             of what class a difference is, and why: a pure function
"""

from __future__ import annotations

from stepladder.prove.diagnosis import Cause, diagnose
from stepladder.prove.proof import Finding, Input, ModelProof, Proof
from stepladder.prove.proving import Watcher, prove
from stepladder.prove.text_order import TextOrder

__all__ = ["Cause", "Finding", "Input", "ModelProof", "Proof", "TextOrder", "Watcher", "diagnose", "prove"]
