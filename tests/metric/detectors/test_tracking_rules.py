"""What is said of an object, given what the search finds of it: numbers as recorded on rendered tables and on their edits."""

import math

import cv2
import numpy as np
import pytest

from gsi_bench_dataset.records import EncodedImage, Operation, SceneObject
from gsi_bench_metric.detectors.tracker import tracking
from gsi_bench_metric.detectors.tracker.follow import Found
from gsi_bench_metric.detectors.tracker.surface import read_scene
from gsi_bench_metric.detectors.tracker.turns.deciding import Turns
from gsi_bench_metric.detectors.tracker.turns.telling import Told

SIZE, DISTANCE = 160, 1.0
K = [[200.0, 0, SIZE / 2], [0, 200.0, SIZE / 2], [0, 0, 1]]
UPRIGHT = np.eye(3).tolist()
BOXES = {"mug": [-0.15, 0.1, DISTANCE, 0.16, 0.16, 0.02, 0.0], "jar": [0.2, 0.1, DISTANCE, 0.16, 0.16, 0.02, 0.0]}
HOW = {"move": {"direction": "right", "distance_m": 0.2, "frame": "camera"}, "scale": {"factor": 0.75}, "remove": {},
       "rotate": {"angle_deg": 45.0}}  # fmt: skip
SIGNS = {"outline_stands": 0.1, "outline_shown": 1.0, "seen_beside": False, "foreign_share": 0.0}
AWAY, NEAR = (0.3, 0.0, 0.0, 0.0, 0.0), (0.02, 0.0, 0.0, 0.0, -0.4)


def found(likeness, evidence, seen=1.0, pose=NEAR):
    return Found(np.array(pose), evidence * seen, seen, likeness, np.full(5, 1e-3))


def image(seed, grey=110):
    """A grey table with the two objects, whose looks a seed draws."""
    rgb = np.full((SIZE, SIZE, 3), grey, np.uint8) + np.random.default_rng(9).integers(0, 9, (SIZE, SIZE, 1), dtype=np.uint8)
    for number, (x, y, z, w, h, *_) in enumerate(BOXES.values()):
        coarse = np.random.default_rng(seed + number).integers(0, 256, (5, 5, 3), dtype=np.uint8)
        left, top = (round(200 * (v - side / 2) / z + SIZE / 2) for v, side in ((x, w), (y, h)))
        rgb[top : top + 32, left : left + 32] = cv2.resize(coarse, (32, 32), interpolation=cv2.INTER_CUBIC)
    return rgb


@pytest.fixture
def judged(make_sample, monkeypatch):
    """(kind, home, what the search finds, one after the other) -> name -> detections; both objects look different now."""

    def run(kind, home, *poses, **signs):
        left = iter(poses)
        monkeypatch.setattr(tracking, "stay", lambda views: home)
        monkeypatch.setattr(tracking, "follow", lambda *_, **__: next(left))
        monkeypatch.setattr(tracking, "refined", lambda views, pose: pose)
        monkeypatch.setattr(tracking._Tracking, "_second", lambda *_: None)
        for name, value in (
            {"outline_stands": 0.1, "outline_shown": 1.0, "seen_beside": False, "foreign_share": 0.0} | signs
        ).items():
            monkeypatch.setattr(tracking, name, lambda *_, value=value: value)
        source = EncodedImage(cv2.imencode(".png", image(1)[..., ::-1])[1].tobytes())
        things = tuple(SceneObject(n, n, box, UPRIGHT, "none", is_target=n == "mug") for n, box in BOXES.items())
        sample = make_sample(
            image=source, objects=things, target="mug", original_bbox_3d=BOXES["mug"], new_bbox_3d=BOXES["mug"],
            pixel_frame="source", rotation_matrix=UPRIGHT, camera_intrinsics=K, up=[0.0, -1.0, 0.0],
            operation=Operation(kind=kind, **HOW[kind]),
        )  # fmt: skip
        said = {}
        for d in tracking.in_edited(read_scene(sample, image(1)), sample, image(50)):
            said.setdefault(d.object_id, []).append(d)
        return said

    return run


GONE = found(0.1, -1.5)  # an old place that says that nothing is there


@pytest.mark.parametrize(("shown", "state"), [(0.0, "absent"), (0.6, "present")])
def test_what_has_no_outline_is_only_found_with_evidence(judged, shown, state):
    """A white mug that was removed from a pale table: its colours, in another light, are the table's."""
    doubtful = found(0.89, -0.05, 0.44)
    said = judged("scale", found(0.89, -0.3), doubtful, found(0.2, -1.0), GONE, outline_shown=shown)
    assert [d.state for d in said["mug"]] == [state]


@pytest.mark.parametrize(
    ("shown", "beside", "state"), [(0.4, False, "absent"), (0.9, False, "present"), (0.4, True, "present")]
)
def test_its_shape_alone_does_not_count_over_its_old_place(judged, shown, beside, state):
    """A mug that was to be moved and is gone: the wood that it hid is as new as a mug would be there."""
    new = found(0.3, 0.5, pose=AWAY)
    said = judged("move", GONE, found(0.2, -0.5), new, GONE, outline_shown=shown, seen_beside=beside)
    assert [d.state for d in said["mug"]] == [state]


@pytest.mark.parametrize(("share", "strangers"), [(0.1, 0), (0.5, 1)])
def test_foreign_colours_in_an_old_place_are_a_strangers(judged, share, strangers):
    said = judged("remove", GONE, *[found(0.2, -0.5)] * 3, GONE, foreign_share=share)
    assert [d.state for d in said["mug"]] == ["absent"]
    assert len(said.get(None, [])) == strangers


@pytest.mark.parametrize(("elsewhere", "moved"), [(0.2, 0.0), (0.8, 0.3)])
def test_a_bystander_less_like_itself_elsewhere_stayed(judged, elsewhere, moved):
    """A jar in other light, beside a removed carton whose place now shows tiles."""
    bystander = found(elsewhere, 0.7, pose=AWAY)
    said = judged("remove", found(0.61, 0.09), *[found(0.2, -0.5)] * 3, bystander)
    (jar,) = said["jar"]
    assert jar.state == "present"
    assert jar.bbox_3d[0] - BOXES["jar"][0] == pytest.approx(moved, abs=0.01)


NOTHING_NEW, NEW_HERE, NEW_AWAY = found(0.2, -1.0), found(0.3, 0.5), found(0.3, 0.5, pose=AWAY)


@pytest.mark.parametrize(
    ("stands", "new", "told"),
    [(0.1, NOTHING_NEW, False), (0.7, NOTHING_NEW, True), (0.1, NEW_HERE, True), (0.7, NEW_AWAY, True)],
)
def test_a_told_turn_counts_where_the_object_is_in_its_place(judged, monkeypatch, stands, new, told):
    """By its outline, or by something new of its shape: its other sides look different."""
    monkeypatch.setattr(Turns, "told", lambda self: Told(math.radians(40), 0.3))
    said = judged("rotate", GONE, found(0.3, 0.0, 0.5), new, GONE, outline_stands=stands)
    (mug,) = said["mug"]
    turn = math.degrees(math.atan2(-np.array(mug.rotation_matrix)[2, 0], np.array(mug.rotation_matrix)[0, 0]))
    assert (mug.state == "present" and "turn" not in mug.unobservable) is told
    if told:
        assert abs(turn) == pytest.approx(40, abs=0.1)
        assert mug.confidence >= 0.5


@pytest.mark.parametrize("against", [False, True])
def test_a_turn_that_the_network_contradicts_is_not_told(judged, monkeypatch, against):
    monkeypatch.setattr(tracking._Tracking, "_further", lambda *_: (None, None))
    monkeypatch.setattr(tracking._Tracking, "_views", lambda *_: None)
    monkeypatch.setattr(tracking, "is_certain", lambda *_: False)
    monkeypatch.setattr(tracking, "turn_gain", lambda *_: 1.0)
    monkeypatch.setattr(tracking, "other_stance", lambda *_: None)
    monkeypatch.setattr(Turns, "contradicted", lambda self, sample, turn: against)
    monkeypatch.setattr(tracking._Tracking, "_bystander", lambda self, surface: [self._at_home(surface, None)])
    said = judged("rotate", GONE, found(0.99, 1.0, pose=(0.0, 0.0, 0.0, 0.8, 0.0)))
    (mug,) = said["mug"]
    assert ("turn" in mug.unobservable) is against
