"""Datasets with damaged files: the samples that were written, or an error; Arrow is never crashed by one."""

from __future__ import annotations

import pytest
from hostile.harness import Tally
from hostile.shards import tried_apart


def tally_of(seed, count, folder):
    tally = Tally("shards", seed)
    for outcome in tried_apart(seed, count, folder):
        tally.add(outcome)
    return tally


def test_a_damaged_dataset_is_named_or_reads_as_written(tmp_path):
    tally_of(0, 160, tmp_path).require_clean(least=160)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_more_damaged_datasets_are_named_or_read_as_written(seed, tmp_path):
    tally_of(seed, 300, tmp_path).require_clean(least=300)
