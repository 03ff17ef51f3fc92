"""The metric's reasons in Chinese: all that it says of the embedded samples."""

import re

import pytest


@pytest.mark.parametrize("kind", ["after", "copy"])
def test_all_that_is_said_of_the_samples_is_chinese(shelf, exact, kind):
    left = {}
    for sample_id, sample in shelf.samples.items():
        names = {sample.target, *(thing.category for thing in sample.objects), "SSIM", "LPIPS"}
        for result in exact.score(sample, shelf.example(sample_id, kind)).results:
            text = result.why["zh"]
            for name in sorted(names, key=len, reverse=True):
                text = text.replace(name, "")
            if re.search(r"[a-z]{3,}", text):
                left[sample_id, result.protocol] = text
    assert left == {}
