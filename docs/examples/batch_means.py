"""The mean waiting time in one long run of an M/M/1 queue, by Lindley's recursion; the exact value is 1."""

import numpy as np

import opt_twin as ot

generator = np.random.default_rng(11)
work = generator.exponential(1.0, 40_000) - generator.exponential(2.0, 40_000)
walk = np.concatenate(([0.0], np.cumsum(work)[:-1]))
waiting = (walk - np.minimum.accumulate(walk))[2_000:]

print("as if independent:", ot.Estimate.of(waiting))
print("by batch means:   ", ot.batch_means(waiting))
short = ot.batch_means(waiting[:200])
print("from 200 parts:   ", short)
for warning in short.warnings:
    print("warning:", warning)
