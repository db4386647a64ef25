"""The command line: parse, call, print; nothing else."""

from stepladder.cli.main import main

__all__ = ["main"]
