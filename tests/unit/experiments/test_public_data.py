"""Two reference cases on people's own data, which the repository does not hold: STEPLADDER_PUBLIC_DATA names a folder with

cookie_cats.csv                            github.com/ghaskari/cookie-cats-ab-test
asos_digital_experiments_dataset.parquet   github.com/sivagugan30/asos-experimentation (Liu et al. 2021, CC BY 4.0)
"""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stepladder.experiments.statistics import means

from .test_reference_cases import ROWS

pytestmark = pytest.mark.long


def public(name: str) -> Path:
    folder = os.environ.get("STEPLADDER_PUBLIC_DATA")
    if not folder or not (Path(folder) / name).is_file():
        pytest.skip(f"needs {name} in the folder that STEPLADDER_PUBLIC_DATA names")
    return Path(folder) / name


def case(name: str) -> tuple[dict[str, Any], float]:
    row = ROWS[name]
    return json.loads(row["expected_json"]), float(row["tolerance"])


def test_one_user_decides() -> None:
    """Cookie Cats: 49,854 rounds of one user move p from .949 to .376. A cap is what helps."""
    expected, tolerance = case("cookie_cats_rounds_outlier")
    rows = list(csv.DictReader(io.StringIO(public("cookie_cats.csv").read_text(encoding="utf-8"))))
    rounds = {
        arm: np.array([float(row["sum_gamerounds"]) for row in rows if row["version"] == arm])
        for arm in ("gate_30", "gate_40")
    }

    def p(cap: float) -> float:
        one, other = (
            means.mean(len(each), each.mean(), each.var(ddof=1))
            for each in (kept(arm, cap) for arm in rounds)
        )
        return float(means.welch(other, one).p)

    def kept(arm: str, most: float) -> np.ndarray:
        return rounds[arm][rounds[arm] < most]

    assert p(np.inf) == pytest.approx(expected["welch_p_raw"], abs=tolerance)
    assert p(49_854) == pytest.approx(expected["welch_p_without_max"], abs=tolerance)


def test_who_looks_every_day_finds_something() -> None:
    """ASOS: 26.5 % of 396 comparisons are significant at the end, 56.8 % at some look."""
    import pyarrow.parquet as parquet

    expected, tolerance = case("asos_peeking")
    rows = parquet.read_table(public("asos_digital_experiments_dataset.parquet")).to_pylist()
    looks: dict[tuple[Any, ...], list[tuple[float, float]]] = {}
    for row in rows:
        if not row["count_c"] or not row["count_t"]:
            continue
        treated = means.mean(row["count_t"], row["mean_t"], row["variance_t"])
        control = means.mean(row["count_c"], row["mean_c"], row["variance_c"])
        variance = treated.variance + control.variance
        z = float((treated.value - control.value) / np.sqrt(variance)) if variance > 0 else 0.0
        key = (row["experiment_id"], row["variant_id"], row["metric_id"])
        looks.setdefault(key, []).append((row["time_since_start"], abs(z)))
    final = [sorted(each)[-1][1] > 1.96 for each in looks.values()]
    ever = [max(z for _, z in each) > 1.96 for each in looks.values()]
    assert len(looks) == json.loads(ROWS["asos_peeking"]["inputs_json"])["comparisons"]
    assert np.mean(final) == pytest.approx(expected["significant_at_end"], abs=tolerance)
    assert np.mean(ever) == pytest.approx(expected["significant_at_any_look"], abs=tolerance)
