"""The server of the page that annotates: hostile steps, paths, tokens and lengths; what is saved stays readable."""

from __future__ import annotations

import pytest
from hostile.harness import Tally

pytest.importorskip("gradio", reason="the extra `space` is not installed")
from hostile.annotating import annotate_attacks, serving_page


def test_hostile_steps_leave_the_boxes_readable(tmp_path):
    with serving_page(tmp_path / "photos") as server:
        Tally("annotate").try_all(annotate_attacks(0, 200, server)).require_clean(least=200)
        assert server.session.out.exists()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_more_hostile_steps_leave_the_boxes_readable(seed, tmp_path):
    with serving_page(tmp_path / "photos") as server:
        Tally("annotate", seed).try_all(annotate_attacks(seed, 400, server)).require_clean(least=400)
