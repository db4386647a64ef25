"""The chance that treatment is better, given the data and no prior opinion.

Miller, E., "Formulas for Bayesian A/B Testing": the closed form for two rates with Beta priors.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaln, ndtr

_MOST_TERMS = 100_000


def rates_better(
    treated: int, treated_users: int, control: int, control_users: int, prior: tuple[float, float] = (1, 1)
) -> float:
    """P(treatment's rate > control's), both with a Beta prior; above 100,000 successes by the normal curve."""
    if max(treated, control) > _MOST_TERMS:
        rate_t, rate_c = treated / treated_users, control / control_users
        variance = rate_t * (1 - rate_t) / treated_users + rate_c * (1 - rate_c) / control_users
        return normal_better(rate_t - rate_c, variance**0.5)
    a_t, b_t = treated + prior[0], treated_users - treated + prior[1]
    a_c, b_c = control + prior[0], control_users - control + prior[1]
    steps = np.arange(int(a_t))
    terms = betaln(a_c + steps, b_t + b_c) - np.log(b_t + steps) - betaln(1 + steps, b_t) - betaln(a_c, b_c)
    return float(np.exp(terms).sum())


def normal_better(difference: float, standard_error: float) -> float:
    """The same for an estimate that is normal, with a flat prior."""
    return float(ndtr(difference / standard_error)) if standard_error > 0 else float(difference > 0)
