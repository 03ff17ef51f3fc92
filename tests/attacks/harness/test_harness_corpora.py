"""Corpora of photographs with one changed or damaged file: named, or usable."""

from __future__ import annotations

import pytest
from hostile.corpora import corpus_attacks
from hostile.harness import Tally


def test_corpora_with_a_changed_file_are_named_or_usable(tmp_path):
    Tally("corpora").try_all(corpus_attacks(0, 140, tmp_path)).require_clean(least=140)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 4))
def test_more_corpora_with_a_changed_file_are_named_or_usable(seed, tmp_path):
    Tally("corpora", seed).try_all(corpus_attacks(seed, 280, tmp_path)).require_clean(least=280)
