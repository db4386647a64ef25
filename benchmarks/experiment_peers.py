"""The same question asked in other ways, of the tables that `data` has loaded: seconds, memory, and the answer.

home-made    the tables as pandas frames, joined, `scipy.stats.chi2_contingency`: the script that this replaces
tea-tasting  its metrics on a frame of one row a user, which must be made first (here: by pandas)

Each runs in a process of its own, so that memory is its own. Needs the `bench` extra.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from typing import Any

import stepladder as sl


def ours(url: str) -> str:
    from benchmarks.experiment_data import KEYS, NAME
    from stepladder.experiments import Experiment

    with sl.connect(url) as db:
        found = Experiment.declared(db, NAME, KEYS).analyze(store=False)
    arms = found["converted"].arms
    return (
        f"{sum(arm.users for arm in arms.values()):,} users, {arms['control'].figures['rate']:.4%} in control"
    )


def home_made(url: str) -> str:
    import pandas as pd
    from scipy.stats import chi2_contingency

    with sl.connect(url) as db:
        users = db.frame("SELECT user_id, variant FROM experiment_users WHERE experiment_id = 'checkout_v2'")
        bought = db.frame("SELECT user_id FROM conversions")
        scores = db.frame("SELECT user_id, engagement_score::double precision AS score FROM user_engagement")
    joined = users.merge(bought.assign(converted=1), on="user_id", how="left").fillna({"converted": 0})
    table = pd.crosstab(joined["variant"], joined["converted"])
    chi2_contingency(table)
    users.merge(scores, on="user_id", how="left").groupby("variant")["score"].mean()
    control = table.loc["control"]
    return f"{int(table.to_numpy().sum()):,} 'users', {control[1.0] / control.sum():.4%} in control"


def tea_tasting(url: str) -> str:
    import tea_tasting as tt

    frame = _one_row_a_user(url)
    experiment = tt.Experiment(
        {"converted": tt.Mean("converted"), "engagement": tt.Mean("score")}, variant="variant"
    )
    found = experiment.analyze(frame, control="control")
    return f"{len(frame):,} users, {found['converted'].control:.4%} in control"


def _one_row_a_user(url: str) -> Any:
    import pandas as pd

    with sl.connect(url) as db:
        users = db.frame(
            "SELECT user_id, variant, assigned_at AS since FROM experiment_users"
            " WHERE experiment_id = 'checkout_v2' AND variant IS NOT NULL"
        )
        bought = db.frame(
            "SELECT user_id, converted_at AS at FROM conversions WHERE experiment_id = 'checkout_v2'"
        )
        scores = db.frame(
            "SELECT user_id, engagement_score::double precision AS score, engaged_at AS at FROM user_engagement"
        )
    users = users.groupby("user_id").agg(
        variant=("variant", "min"), other=("variant", "max"), since=("since", "min")
    )
    users = users[users["variant"] == users["other"]].reset_index()
    bought = bought.merge(users, on="user_id")
    after = bought["at"] - bought["since"]
    converted = bought[(after >= pd.Timedelta(0)) & (after < pd.Timedelta(days=7))]["user_id"].unique()
    scores = scores.merge(users, on="user_id")
    summed = scores[scores["at"] >= scores["since"]].groupby("user_id")["score"].sum()
    return users.assign(
        converted=users["user_id"].isin(converted).astype(int),
        score=users["user_id"].map(summed).fillna(0.0).astype(float),
    )


def peers(url: str) -> bool:
    """Print a line for each."""
    for name in ("ours", "home_made", "tea_tasting"):
        code = f"from benchmarks.experiment_peers import _told; _told({name!r}, {url!r})"
        subprocess.run([sys.executable, "-c", code], check=False)
    return True


def _told(name: str, url: str) -> None:
    began, worked = time.perf_counter(), time.process_time()
    said = globals()[name](url)
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name:<12} {seconds:>7.1f} s ({worked:.1f} s of its process), {memory:.0f} MiB: {said}", flush=True
    )
