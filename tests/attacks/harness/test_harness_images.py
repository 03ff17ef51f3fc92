"""Images of every format, damaged in every way: pixels, or an `ImageError`."""

from __future__ import annotations

import pytest
from hostile.harness import Tally
from hostile.images import attacks


def test_damaged_images_are_named_or_unharmed():
    Tally("images").try_all(attacks(0, 400)).require_clean(least=400)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_more_damaged_images_are_named_or_unharmed(seed):
    Tally("images", seed).try_all(attacks(seed, 400)).require_clean(least=400)
