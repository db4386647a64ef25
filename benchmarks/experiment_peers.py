"""The same question asked in other ways, of the tables that `data` has loaded: seconds, memory, and the answer.

home-made    the tables as pandas frames, joined, `scipy.stats.chi2_contingency`: the script that this replaces
tea-tasting  its metrics on a frame of one row a user, which must be made first (here: by SQL)

Each runs in a process of its own, so that memory is its own. Needs the `bench` extra.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

import stepladder as sl

ONE_ROW_A_USER = """
SELECT u.user_id, u.variant, CASE WHEN c.user_id IS NULL THEN 0 ELSE 1 END AS converted, coalesce(e.score, 0)::double precision AS score
FROM (SELECT user_id, min(variant) AS variant, min(assigned_at) AS since FROM experiment_users
      WHERE experiment_id = 'checkout_v2' GROUP BY user_id HAVING min(variant) = max(variant)) u
LEFT JOIN (SELECT DISTINCT c.user_id FROM conversions c JOIN (SELECT user_id, min(assigned_at) AS since FROM experiment_users
      WHERE experiment_id = 'checkout_v2' GROUP BY user_id) s ON s.user_id = c.user_id
      WHERE c.experiment_id = 'checkout_v2' AND c.converted_at >= s.since AND c.converted_at - s.since < interval '7 days') c
      ON c.user_id = u.user_id
LEFT JOIN (SELECT e.user_id, sum(e.engagement_score) AS score FROM user_engagement e JOIN (SELECT user_id, min(assigned_at) AS since
      FROM experiment_users WHERE experiment_id = 'checkout_v2' GROUP BY user_id) s ON s.user_id = e.user_id
      WHERE e.engaged_at >= s.since GROUP BY e.user_id) e ON e.user_id = u.user_id
"""


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

    with sl.connect(url) as db:
        frame = db.frame(ONE_ROW_A_USER)
    experiment = tt.Experiment(
        {"converted": tt.Mean("converted"), "engagement": tt.Mean("score")}, variant="variant"
    )
    found = experiment.analyze(frame, control="control")
    return f"{len(frame):,} users, {found['converted'].control:.4%} in control"


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
