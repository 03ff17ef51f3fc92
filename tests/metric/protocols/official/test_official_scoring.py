"""How the official scorer works: source-only work once, order kept, errors raised."""

import pytest

from gsi_bench_dataset.records import EncodedImage, Prediction
from gsi_bench_metric.imaging import pictures
from gsi_bench_metric.imaging.perceptual import LpipsAlex
from gsi_bench_metric.protocols.official import source as official_source
from gsi_bench_metric.protocols.official.scoring import OfficialScorer
from gsi_bench_metric.run import working
from gsi_bench_metric.run.scoring import Candidate, score_candidates


class FindsNothing:
    """A detector that finds nothing."""

    name, key, needs_pixels = "nothing", "0", False

    def detect(self, items):
        return [[] for _ in items]


def edits_of(make_sample, make_image, count: int, sources: int) -> list[Candidate]:
    """Edits in sample order, `count / sources` of each source."""
    edits = []
    for i in range(count):
        source = EncodedImage(make_image(seed=i * sources // count))
        sample = make_sample(f"img{i * sources // count:02d}", str(i % 10), image=source)
        prediction = Prediction(sample_id=sample.id, editor="e", image=EncodedImage(make_image(seed=100 + i)))
        edits.append(Candidate(sample, prediction, FindsNothing()))
    return edits


@pytest.fixture
def calls(monkeypatch):
    """Names of the expensive functions in the order of their calls."""
    seen = []

    def count(owner, name):
        original = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *a, **k: seen.append(f"{owner.__name__}.{name}") or original(*a, **k))

    count(LpipsAlex, "features")
    count(pictures, "load_rgb")
    count(official_source, "keypoints")
    return seen


def test_source_only_work_is_done_once_for_all_edits_of_a_source(calls, make_sample, make_image):
    scorer = OfficialScorer(batch_size=2)
    scores = list(score_candidates(edits_of(make_sample, make_image, count=8, sources=2), scorer))
    assert len(scores) == 8
    assert calls.count("gsi_bench_metric.imaging.pictures.load_rgb") == 2 + 8
    assert calls.count("LpipsAlex.features") == 2 + 8 // 2  # two sources, four batches of edited images


def test_sharing_a_source_does_not_change_scores(make_sample, make_image):
    edits = edits_of(make_sample, make_image, count=6, sources=2)
    together = list(score_candidates(edits, OfficialScorer(batch_size=3)))
    alone = [s for edit in edits for s in score_candidates([edit], OfficialScorer(batch_size=1))]
    for one, other in zip(sorted(together, key=lambda s: s.sample_id), alone, strict=True):
        assert (one.ssim, one.lpips, one.mse) == pytest.approx((other.ssim, other.lpips, other.mse), abs=1e-6)


def test_the_source_cache_does_not_grow_with_the_sources(make_sample, make_image):
    scorer = OfficialScorer(batch_size=1)
    list(score_candidates(edits_of(make_sample, make_image, count=12, sources=12), scorer))
    assert len(scorer.sources._kept) <= 4


def test_working_ahead_keeps_the_order_and_raises_errors():
    assert list(working.ahead(lambda i: i * i, range(20), 3)) == [i * i for i in range(20)]
    found = working.ahead(lambda i: 1 // (3 - i), range(9), 2)
    assert [next(found) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(found)
