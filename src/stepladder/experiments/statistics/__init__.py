"""Statistics on sufficient statistics: counts, means and variances in, p-values and intervals out.

Pure functions of numpy arrays, vectorised: one call takes as many comparisons as there are. A p-value and the intervals
beside it always come of one inversion, so that they never contradict each other.

proportions     Pearson's test, Mee's interval of the difference, Koopman's of the ratio, Fisher's exact test
means           Welch's test and interval, Fieller's interval of the ratio; ratios of sums by the delta method
cuped           adjusting by what was measured before the experiment
quantiles       by order statistics
ratio_mismatch  does the split fit the plan (SRM)
multiplicity    Holm, Benjamini and Hochberg, and the level that each comparison is judged at
sequential      bounds for many looks (Lan and DeMets), a confidence sequence where nothing was planned
bayes           the chance that treatment is better
power           how many users, how small an effect
"""
