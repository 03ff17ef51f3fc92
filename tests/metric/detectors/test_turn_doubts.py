"""When the network's answers about both images of a ground truth speak against a turn that was found by surfaces."""

import math

import numpy as np
import pytest

from gsi_bench_dataset.records import SceneObject
from gsi_bench_metric.detectors.tracker.turn_config import TurnConfig
from gsi_bench_metric.detectors.tracker.turns import doubting
from gsi_bench_metric.detectors.tracker.turns.doubting import Both, contradicts
from gsi_bench_metric.detectors.tracker.turns.drum import turned_by
from gsi_bench_metric.detectors.tracker.turns.telling import Source, Told

UP = np.array([0.0, -1.0, 0.0])
BOX = (0.0, 0.1, 1.0, 0.1, 0.1, 0.1, 0.0)
IMAGE = np.zeros((8, 8, 3), np.uint8)


def both(turn_deg, symmetry="none"):
    """The ground truth of a turn (degrees, clockwise from above)."""
    right = turned_by(UP, math.radians(turn_deg))
    return Both.of(Source(IMAGE, np.eye(3), UP, BOX, np.eye(3)), IMAGE + 1, SceneObject("mug", "mug", BOX, right, symmetry))


@pytest.fixture
def answers(monkeypatch):
    """(before, after): turn in degrees and how sure; None: not told. Given to the network for the two images."""

    def give(before, after):
        said = {0: before, 1: after}
        told = {n: a and Told(math.radians(a[0]), a[1]) for n, a in said.items()}
        monkeypatch.setattr(doubting, "told_turn", lambda source, *_: told[int(source.rgb[0, 0, 0])])

    return give


def test_the_ground_truths_turn_has_the_sense_of_the_search():
    assert both(50).turn == pytest.approx(math.radians(50))


@pytest.mark.parametrize(
    ("before", "after", "found", "against"),
    [
        ((180, 0.8), (90, 0.8), 90, True),  # turned twice as far as asked, and taken for right
        ((90, 0.8), (0, 0.8), 90, False),  # right
        ((180, 0.8), (90, 0.8), 180, False),  # found so too
        ((180, 0.8), (90, 0.3), 90, False),  # unsure of one
        ((180, 0.2), (90, 0.8), 90, False),
        ((120, 0.8), (90, 0.8), 90, False),  # the answers differ
        ((110, 0.8), (20, 0.8), 90, False),  # a little off
        ((-90, 0.8), (180, 0.8), 90, False),  # by half: what looks alike from behind
        (None, (90, 0.8), 90, False),
    ],
)
def test_two_sure_answers_that_agree_speak_against(answers, before, after, found, against):
    answers(before, after)
    assert contradicts(both(90), IMAGE, math.radians(found), TurnConfig()) is against


def test_what_looks_the_same_is_no_contradiction(answers):
    answers((-90, 0.9), (180, 0.9))
    assert not contradicts(both(90, "2-fold"), IMAGE, math.radians(90), TurnConfig())
    answers((45, 0.9), (-45, 0.9))
    assert contradicts(both(90, "2-fold"), IMAGE, math.radians(90), TurnConfig())
