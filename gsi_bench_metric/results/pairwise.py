"""Every editor against every other on the edits that both were scored on: the test of `gsi-bench compare`, for many pairs."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from gsi_bench_metric.results.statistics import PairedDifference, paired_differences

__all__ = ["pairwise"]


def pairwise(values: Mapping[str, Mapping[str, float]], scenes: Mapping[str, str]) -> dict[tuple[str, str], PairedDifference]:
    """Mean of a − b with interval and p-value for every pair (a, b) of names, a before b in the order given.

    Pairs without a common edit are left out. Pairs on the same edits are tested together, with the same result.

    Args:
        values: name -> sample id -> number on 0–100; an edit that has none is not there.
        scenes: sample id -> scene.
    """
    ids = sorted({i for edits in values.values() for i in edits})
    place = {i: row for row, i in enumerate(ids)}
    names = list(values)
    table, known = np.zeros((len(ids), len(names))), np.zeros((len(ids), len(names)), dtype=bool)
    for column, edits in enumerate(values.values()):
        own = [place[i] for i in edits]
        table[own, column], known[own, column] = list(edits.values()), True
    by_edits: dict[bytes, list[tuple[int, int]]] = defaultdict(list)
    for a, b in itertools.combinations(range(len(names)), 2):
        by_edits[(known[:, a] & known[:, b]).tobytes()].append((a, b))
    found: dict[tuple[int, int], PairedDifference] = {}
    for mask, pairs in by_edits.items():
        rows = np.flatnonzero(np.frombuffer(mask, dtype=bool))
        if len(rows):
            first, second = (table[rows][:, [pair[side] for pair in pairs]] for side in (0, 1))
            tested = paired_differences(first - second, [scenes[ids[row]] for row in rows])
            found |= dict(zip(pairs, tested, strict=True))
    pairs_in_order = itertools.combinations(range(len(names)), 2)
    return {(names[a], names[b]): found[a, b] for a, b in pairs_in_order if (a, b) in found}
