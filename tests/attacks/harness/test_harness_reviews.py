"""Decisions of reviewers and answers of judges, changed in every place: named, or applied as they say."""

from __future__ import annotations

import pytest
from hostile.harness import Tally
from hostile.reviews import decision_attacks, opinion_attacks


def test_changed_decisions_are_named_or_applied(tmp_path):
    Tally("decisions").try_all(decision_attacks(0, 120, tmp_path)).require_clean(least=120)


def test_changed_opinions_are_read_as_they_say_or_not():
    Tally("opinions").try_all(opinion_attacks(0, 300)).require_clean(least=300)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_more_changed_decisions_are_named_or_applied(seed, tmp_path):
    Tally("decisions", seed).try_all(decision_attacks(seed, 300, tmp_path)).require_clean(least=300)
    Tally("opinions", seed).try_all(opinion_attacks(seed, 500)).require_clean(least=500)
