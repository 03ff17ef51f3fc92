"""How the official scorer goes about its work: source-only work once, order kept, failures not swallowed."""

import pytest

from gsi_bench_dataset.records import EncodedImage, Prediction
from gsi_bench_metric.perceptual import LpipsAlex
from gsi_bench_metric.protocols import official_scoring, official_source
from gsi_bench_metric.protocols.official_scoring import Edit, OfficialScorer


def edits_of(make_sample, make_image, count: int, sources: int) -> list[Edit]:
    """Edits in sample order, `count / sources` of each source."""
    edits = []
    for i in range(count):
        source = EncodedImage(make_image(seed=i * sources // count))
        sample = make_sample(f"img{i * sources // count:02d}", str(i % 10), image=source)
        prediction = Prediction(sample_id=sample.id, editor="e", image=EncodedImage(make_image(seed=100 + i)))
        edits.append(Edit(sample, prediction, [], []))
    return edits


@pytest.fixture
def calls(monkeypatch):
    """Names of the expensive functions in the order of their calls."""
    seen = []

    def count(owner, name):
        original = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *a, **k: seen.append(f"{owner.__name__}.{name}") or original(*a, **k))

    count(LpipsAlex, "features")
    count(official_source, "load_rgb")
    count(official_source, "keypoints")
    return seen


def test_source_only_work_is_done_once_for_all_edits_of_a_source(calls, make_sample, make_image):
    scorer = OfficialScorer(batch_size=2)
    scores = [s for batch in scorer.score(edits_of(make_sample, make_image, count=8, sources=2)) for s in batch]
    assert len(scores) == 8
    assert calls.count("gsi_bench_metric.protocols.official_source.load_rgb") == 2
    assert calls.count("LpipsAlex.features") == 2 + 8 // 2  # two sources, four batches of edited pictures


def test_sharing_a_source_does_not_change_scores(make_sample, make_image):
    edits = edits_of(make_sample, make_image, count=6, sources=2)
    together = [s for batch in OfficialScorer(batch_size=3).score(edits) for s in batch]
    alone = [s for edit in edits for batch in OfficialScorer(batch_size=1).score([edit]) for s in batch]
    for one, other in zip(sorted(together, key=lambda s: s.sample_id), alone, strict=True):
        assert (one.ssim, one.lpips, one.mse) == pytest.approx((other.ssim, other.lpips, other.mse), abs=1e-6)


def test_the_source_cache_does_not_grow_with_the_number_of_sources(make_sample, make_image):
    scorer = OfficialScorer(batch_size=1)
    list(scorer.score(edits_of(make_sample, make_image, count=12, sources=12)))
    assert len(scorer._sources._kept) <= 4


def test_working_ahead_keeps_the_order_and_raises_what_went_wrong():
    assert list(official_scoring._ahead(lambda i: i * i, range(20), 3)) == [i * i for i in range(20)]
    found = official_scoring._ahead(lambda i: 1 // (3 - i), range(9), 2)
    assert [next(found) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(found)
