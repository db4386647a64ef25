"""Runs of five models, killed at random moments and run again: every table and the ledger are those of an undisturbed run.

The default run is short. `pytest -m long -s` kills 200 times on each engine; STEPLADDER_KILL_STATE names a file to which each
round is added, and from which a proof that was broken off goes on. STEPLADDER_KILL_SEED chooses the moments,
STEPLADDER_KILLS how many.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import stepladder as sl
from tests.fault.chain import Chain, kill, make_chain, take_for_dead

SEED = int(os.environ.get("STEPLADDER_KILL_SEED", "20261125"))
KILLS = int(os.environ.get("STEPLADDER_KILLS", "200"))
STATE = os.environ.get("STEPLADDER_KILL_STATE")
AT_MOST_IN_A_ROW = 3

Make = Callable[[int], Chain]


@pytest.fixture
def chain_of(tmp_path: Path, url: str) -> Make:
    return lambda days: make_chain(tmp_path / "shop", url, days)


class Proof:
    """The rounds of a proof that are over, kept in a file if one is named."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.file = None if STATE is None else Path(STATE)
        lines = self.file.read_text().splitlines() if self.file is not None and self.file.exists() else ()
        known = map(json.loads, lines)
        self.rounds = [each for each in known if (each["proof"], each["seed"]) == (name, SEED)]

    @property
    def kills(self) -> int:
        return sum(each["kills"] for each in self.rounds)

    def add(self, kills: int, days: list[int]) -> None:
        self.rounds.append({"proof": self.name, "seed": SEED, "kills": kills, "done_at_each": days})
        if self.file is not None:
            with self.file.open("a") as file:
                file.write(json.dumps(self.rounds[-1]) + "\n")


def kill_and_rerun(chain: Chain, proof: Proof, kills: int) -> None:
    """Kill `kills` live runs at random moments of a backfill, up to three in a row; then one rerun must equal the
    undisturbed run. A run that had ended before its moment came counts for nothing."""
    began = time.monotonic()
    chain.finish()
    length = time.monotonic() - began
    undisturbed = chain.rows()
    assert chain.states() == {"done"}
    while proof.kills < kills:
        moments = random.Random(f"{SEED} {proof.name} {len(proof.rounds)}")
        chain.reset()
        hit, done = 0, []
        for _ in range(min(moments.randint(1, AT_MOST_IN_A_ROW), kills - proof.kills)):
            process = chain.start()
            time.sleep(moments.uniform(0.3, 1.0) * length)
            if not kill(process):
                break
            hit += 1
            done.append(chain.done())
        chain.finish()
        assert chain.rows() == undisturbed, f"seed {SEED}, round {len(proof.rounds)}"
        assert (chain.left(), chain.sound()) == ((), True)
        proof.add(hit, done)


@pytest.mark.parametrize("engine", ["sqlite3", pytest.param("psycopg", marks=pytest.mark.postgres)])
def test_killed_at_random_and_run_again(chain_of: Make) -> None:
    kill_and_rerun(chain_of(5), Proof("short"), 2)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_killed_two_hundred_times_at_random_and_run_again(chain_of: Make, engine: str) -> None:
    began, proof = time.monotonic(), Proof(engine)
    before = proof.kills
    kill_and_rerun(chain_of(30), proof, KILLS)
    done = [each for found in proof.rounds for each in found["done_at_each"]]
    print(  # noqa: T201 - for docs/proofs.md
        f"\n{engine}, seed {SEED}: {proof.kills} kills ({proof.kills - before} now, {time.monotonic() - began:.0f} s),"
        f" {len(proof.rounds)} reruns, all equal; finished intervals of 121 at a kill: {min(done)} to {max(done)}"
    )


def test_killed_while_it_loads_leaves_nothing_or_all(tmp_path: Path, url: str) -> None:
    """Every kill of a load leaves none of its rows; the rerun has each row once."""
    log = tmp_path / "big.csv"
    log.write_text("n,at\n" + "".join(f"{number},2026-03-01 10:00:00+00\n" for number in range(60_000)))
    with sl.connect(url) as db:
        db.execute("CREATE TABLE big (n bigint, at timestamptz)")
    moments = random.Random(SEED)
    command = [sys.executable, "-m", "stepladder", "load", str(log), "--into", "big", "--mode", "append"]
    for _ in range(3):
        process = subprocess.Popen([*command, "--target", url], cwd=tmp_path, stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0.2, 0.8))
        kill(process)
        with sl.connect(url) as db:
            assert db.query("SELECT count(*) FROM big").scalar() in (0, 60_000)
            db.execute("DELETE FROM big")


def wait_for_first_day(chain: Chain) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not chain.done():
        time.sleep(0.02)


def test_ctrl_c_leaves_finished_days_and_nothing_running(chain_of: Make) -> None:
    chain = chain_of(5)
    process = chain.start()
    wait_for_first_day(chain)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    if process.returncode != 0:
        assert process.returncode == 130, said.decode()
        assert "running" not in chain.states()
    chain.finish()
    assert chain.states() == {"done"}


@pytest.mark.long  # short, and at four points: test_anomalies_runs.py, number 13
@pytest.mark.postgres
def test_a_run_that_was_taken_over_writes_nothing(postgres_url: str, tmp_path: Path) -> None:
    """A frozen run, taken over by another and then woken: one copy of the rows, and it is told so."""
    chain = make_chain(tmp_path / "shop", postgres_url, 5)
    frozen = chain.start()
    wait_for_first_day(chain)
    frozen.send_signal(signal.SIGSTOP)
    take_for_dead(postgres_url)
    chain.finish()
    before = chain.rows()
    frozen.send_signal(signal.SIGCONT)
    _, said = frozen.communicate(timeout=120)
    assert frozen.returncode in (0, 5), said.decode()
    assert chain.rows() == before
