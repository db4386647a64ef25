"""From argv to an exit code: every error ends here, as one message and the code of docs/reference/cli.md."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType

from stepladder.cli.arguments import parser
from stepladder.errors import Error, redact

INTERRUPTED = 130
TERMINATED = 143
DEFECT = 70


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    arguments = parser().parse_args(argv)
    told: list[int] = []

    def terminate(number: int, _frame: FrameType | None) -> None:
        """SIGTERM ends work as Ctrl-C does, leaving nothing half done. It is noted, for a driver may make a plain
        KeyboardInterrupt of whatever is raised here."""
        told.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        code = import_module(f"stepladder.cli.{arguments.verb}").command(arguments)
        sys.stdout.flush()
        return int(code)
    except Error as error:
        _say(f"error: {error.message}")
        return error.exit_code
    except KeyboardInterrupt:
        _say("stopped: what was finished stays, what was under way was rolled back.")
        return TERMINATED if told else INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as defect:  # noqa: BLE001 - the last door: whatever is not ours is a defect, and says so
        return _defect(defect)
    finally:
        signal.signal(signal.SIGTERM, before)


def _defect(defect: Exception) -> int:
    import traceback

    _say("".join(traceback.format_exception(defect)))
    _say(
        f"error: this is a defect of Stepladder ({type(defect).__name__}), not of your project. What was under way was rolled back. "
        "Please report it with the lines above."
    )
    return DEFECT


def _say(text: str) -> None:
    sys.stderr.write(redact(text).rstrip() + "\n")
