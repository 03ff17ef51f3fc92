"""What poses say of an object: the rules, on numbers that an image could give."""

import dataclasses
import types

import numpy as np
import pytest

from gsi_bench_dataset.records import Detection, SceneObject
from gsi_bench_dataset.vocabulary import SELF_TEST
from gsi_bench_metric.detectors.tracker import selftest
from gsi_bench_metric.detectors.tracker.config import TRACKER
from gsi_bench_metric.detectors.tracker.evidence import Evidence, Unrest
from gsi_bench_metric.detectors.tracker.follow import Found
from gsi_bench_metric.detectors.tracker.signs.presence import is_doubtful, is_redrawn, is_there, mismeasured, turn_is_a_guess

NOWHERE = Found(np.zeros(5), score=-0.4, seen=1.0, likeness=0.6, sigma=np.full(5, 0.01))


def pose(explained, likeness, seen=1.0, **pose):
    values = np.array([pose.get(name, 0.0) for name in ("along", "across", "height", "turn", "log_size")])
    return Found(values, score=explained * seen, seen=seen, likeness=likeness, sigma=np.full(5, 0.01))


def evidence(light=0.0):
    empty = np.zeros((1, 1, 3), np.float32)
    return Evidence(empty, empty, empty[..., 0], empty[..., 0] == 0, Unrest(0.0, light, 0.0), ())


def test_evidence_for_a_pose_shows_the_object():
    assert is_there(pose(0.5, 0.5), NOWHERE, near=False, asked="move")
    assert not is_there(pose(-0.3, 0.5), NOWHERE, near=False, asked="move")


def test_on_an_equal_colour_the_emptied_place_is_evidence():
    """White on white leaves next to no evidence; the empty place where it stood shows that the likeness is no accident."""
    white = pose(0.0, 0.88)
    assert is_there(white, NOWHERE, near=False, asked="move")
    assert not is_there(white, dataclasses.replace(NOWHERE, score=-0.05), near=False, asked="move")
    assert not is_there(pose(0.0, 0.78), NOWHERE, near=False, asked="move")
    assert not is_there(pose(0.0, 0.88, seen=0.3), NOWHERE, near=False, asked="move")


def test_the_doubtful_rest_of_a_removed_object_is_background():
    rest = pose(0.0, 0.6)
    assert is_there(rest, NOWHERE, near=True, asked="move")
    assert not is_there(rest, NOWHERE, near=True, asked="remove")


def test_an_asked_size_at_the_old_place_needs_less_evidence():
    smaller = pose(-0.1, 0.76, seen=0.45, log_size=-0.4)
    assert is_there(smaller, NOWHERE, near=True, asked="scale")
    assert not is_there(smaller, NOWHERE, near=True, asked="move")
    assert not is_there(smaller, NOWHERE, near=False, asked="scale")


def test_redrawn_needs_less_after_a_move_than_after_a_removal():
    shape = pose(0.1, 0.3)
    assert is_redrawn(shape, 0.0, asked="move")
    assert not is_redrawn(shape, 0.0, asked="remove")
    assert not is_redrawn(shape, 0.5, asked="move"), "another light asks for more"
    assert not is_redrawn(pose(0.1, 0.3, seen=0.2), 0.0, asked="move")


@pytest.mark.parametrize(("likeness", "gain", "usual", "guess"), [
    (1.0, 0.1, 1.0, False),
    (0.83, 0.2, 1.0, True),
    (0.83, 0.6, 1.0, False),
    (0.80, 0.2, 1.0, True),
    (0.80, 0.2, 0.9, False),
    (0.63, 0.2, 0.75, False),
    (0.60, 0.2, 0.75, True),
])  # fmt: skip
def test_an_asked_turn_needs_explained_pixels_and_likeness(likeness, gain, usual, guess):
    assert turn_is_a_guess(pose(0.5, likeness, turn=0.8), gain, usual, evidence()) == guess


def test_in_another_light_an_asked_turn_must_explain_something():
    turned = pose(0.5, 0.95, turn=0.8)
    assert not turn_is_a_guess(turned, 0.05, 1.0, evidence())
    assert turn_is_a_guess(turned, 0.05, 1.0, evidence(light=0.6))


def test_weak_evidence_and_unlike_looks_are_doubtful():
    assert is_doubtful(pose(0.0, 0.6))
    assert not is_doubtful(pose(0.5, 0.6))
    assert not is_doubtful(pose(0.0, 0.8))


def turned(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return ((c, 0.0, s), (0.0, 1.0, 0.0), (-s, 0.0, c))


def thing(x=0.0, factor=1.0, degrees=0.0, symmetry="none"):
    size = 0.1 * factor
    return SceneObject("mug_1", "mug", (x, 0.0, 1.0, size, size, size, 0.0), turned(degrees), symmetry=symmetry)


def detected(like, **changed):
    told = {"state": "present", "confidence": 0.9, "object_id": like.id} | changed
    return Detection(
        label=like.category, bbox_3d=like.bbox_3d, bbox_2d=(0.0, 0.0, 1.0, 1.0), rotation_matrix=like.rotation_matrix, **told
    )


LEVEL = np.diag([1.0, -1.0, -1.0])[[0, 2, 1]]  # rows along, across, up


@pytest.mark.parametrize(("found", "true", "wrong"), [
    (detected(thing(0.201)), thing(0.2), ()),
    (detected(thing(0.26)), thing(0.2), ("position", "height")),
    (detected(thing(0.23)), thing(0.2), ()),
    (detected(thing(0.03)), thing(0.01), ("position", "height")),
    (detected(thing(factor=1.3)), thing(), ("size",)),
    (detected(thing(degrees=90)), thing(), ("turn",)),
    (detected(thing(degrees=90)), thing(symmetry="4-fold"), ()),
    (detected(thing(0.2), state="absent"), thing(0.2), ("position", "height", "turn", "size")),
    (detected(thing(0.2), confidence=0.2), thing(0.2), ("position", "height", "turn", "size")),
    (detected(thing(0.2), unobservable=("turn",)), thing(0.2), ("turn",)),
])  # fmt: skip
def test_what_is_measured_wrong_in_the_ground_truth_is_named(found, true, wrong):
    """A quarter of the way, or 1.5 cm on short ways; 15 % of size; 12 degrees modulo symmetry."""
    assert mismeasured(found, thing(), true, LEVEL) == wrong


@pytest.mark.parametrize(
    ("blind", "said"), [((), ()), (("turn",), ("turn", SELF_TEST)), (("presence",), ("presence", SELF_TEST))]
)
def test_what_fails_in_the_ground_truth_is_named_so(monkeypatch, blind, said):
    monkeypatch.setattr(selftest, "_blind", lambda *_: blind)
    monkeypatch.setattr(selftest, "detection", lambda scene, surface, thing, *, unobservable: (thing.id, unobservable))
    things = [types.SimpleNamespace(id=name, is_target=name == "mug") for name in ("mug", "bowl")]
    surfaces = [types.SimpleNamespace(thing=thing, points=np.zeros((999, 3))) for thing in things]
    scene = types.SimpleNamespace(surfaces=surfaces, config=TRACKER)
    found = selftest.in_source(scene, types.SimpleNamespace(objects=things), "cpu")
    assert found == [("mug", said), ("bowl", ())]


def test_a_target_that_the_source_hides_is_told_nothing_of(monkeypatch):
    monkeypatch.setattr(selftest, "_blind", lambda *_: pytest.fail("nothing of it is seen"))
    monkeypatch.setattr(selftest, "detection", lambda scene, surface, thing, *, unobservable: unobservable)
    thing = types.SimpleNamespace(id="mug", is_target=True)
    surfaces = [types.SimpleNamespace(thing=thing, points=np.zeros((TRACKER.decision.least_pixels - 1, 3)))]
    scene, sample = types.SimpleNamespace(surfaces=surfaces, config=TRACKER), types.SimpleNamespace(objects=[thing])
    (found,) = selftest.in_source(scene, sample, "cpu")
    assert {"position", "turn", "size", "presence"} <= set(found)
