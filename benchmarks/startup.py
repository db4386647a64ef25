"""`python -m benchmarks.startup`: the command line's start beside that of Python itself.

Medians of alternating runs, so that a busy machine slows both. The limit is 2.5 times `python -c pass`, plus 80 ms; the
floors below have none: what speaks to PostgreSQL alone loads `stepladder.sql` without the translator, SQLite all of it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

ROUNDS = 21
WITHOUT_LIMIT = ("import stepladder.sql", "connect, SQLite")
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "stepladder --help": [sys.executable, "-m", "stepladder", "--help"],
    "import stepladder": [sys.executable, "-c", "import stepladder"],
    "import stepladder.sql": [sys.executable, "-c", "import stepladder.sql"],
    "connect, SQLite": [sys.executable, "-c", "import stepladder as sl; sl.connect('sqlite:///:memory:')"],
}


def main() -> None:
    # Byte code is written: without it every start would compile, and the compiler would be what is timed.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS + 1):
        for name, command in COMMANDS.items():
            began = time.perf_counter()
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
            times[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(found[1:]) * 1000 for name, found in times.items()}
    base = medians["python -c pass"]
    limit = 2.5 * base + 80
    print(f"{'':<22}{'ms':>8}{'x python':>10}{'limit ms':>10}")
    for name, median in medians.items():
        most = "" if name in WITHOUT_LIMIT else f"{limit:>10.1f}"
        print(f"{name:<22}{median:>8.1f}{median / base:>10.2f}{most}")


if __name__ == "__main__":
    main()
