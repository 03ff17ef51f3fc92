"""Pairs of photographs and notes on own ones, changed in every place: named, or usable."""

from __future__ import annotations

import pytest
from hostile.harness import Tally
from hostile.photographs import photograph_attacks


def test_changed_pairs_and_notes_are_named_or_usable(tmp_path):
    Tally("photographs").try_all(photograph_attacks(0, 300, tmp_path)).require_clean(least=300)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_more_changed_pairs_and_notes_are_named_or_usable(seed, tmp_path):
    Tally("photographs", seed).try_all(photograph_attacks(seed, 300, tmp_path)).require_clean(least=300)
