"""The Space's endpoints and uploads: an answer that is JSON, or a refusal in words."""

from __future__ import annotations

import pytest
from hostile.harness import Tally

pytest.importorskip("gradio", reason="the extra `space` is not installed")
from hostile.space import mask_attacks, space_attacks, upload_attacks


def test_hostile_uploads_are_refused_with_a_name():
    Tally("uploads").try_all(upload_attacks(0, 100)).require_clean(least=100)


def test_hostile_calls_of_the_space_are_refused_in_words(tmp_path):
    Tally("space").try_all(space_attacks(0, 120, tmp_path)).require_clean(least=120)


def test_hostile_clicks_leave_the_marked_photo_sound():
    Tally("masks").try_all(mask_attacks(0, 40)).require_clean(least=40)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_more_hostile_calls_of_the_space_are_refused(seed, tmp_path):
    Tally("uploads", seed).try_all(upload_attacks(seed, 150)).require_clean(least=150)
    Tally("masks", seed).try_all(mask_attacks(seed, 60)).require_clean(least=60)
    Tally("space", seed).try_all(space_attacks(seed, 150, tmp_path)).require_clean(least=150)
