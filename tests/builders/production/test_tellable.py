"""Images are asked whether a turn can be told in the sense, and with the box, that samples tell the tracker."""

import math
import types

import numpy as np
import pytest

from gsi_bench_builders.engine import Frame
from gsi_bench_builders.photos.camera import PhotoCamera
from gsi_bench_builders.production.tellable import can_tell
from gsi_bench_builders.scene import AssetInfo, Thing
from gsi_bench_metric.detectors.tracker.turns import telling
from gsi_bench_metric.geometry.poses import turn_about

# A camera at the height of 1 m that looks along y, 30 degrees down.
PITCH = math.radians(30)
ROTATION = [[1, 0, 0], [0, -math.sin(PITCH), -math.cos(PITCH)], [0, math.cos(PITCH), -math.sin(PITCH)]]
CAMERA = PhotoCamera.of([[500, 0, 330], [0, 510, 250], [0, 0, 1]], ROTATION, (0, 0, 1), (640, 480))
MUG = Thing("mug_1", AssetInfo("embedded:mug:1", "mug", "杯子", (0.1, 0.08, 0.1)), (0.1, 1.5, 0.2))


@pytest.mark.parametrize("degrees", [45, -90, 150])
def test_a_turn_is_asked_about_as_the_tracker_counts_it(monkeypatch, degrees):
    asked = []
    monkeypatch.setattr(telling, "can_tell", lambda source, turn, symmetry, config: asked.append((source, turn)) or 0.5)
    frame = Frame(np.zeros((480, 640, 3), np.uint8), np.zeros((480, 640)), np.zeros((480, 640)), CAMERA)
    after = MUG.turned(math.radians(degrees))
    scene, turned_scene = (types.SimpleNamespace(thing=lambda _, thing=thing: thing) for thing in (MUG, after))
    assert can_tell(frame, scene, turned_scene, "mug_1") == 0.5
    ((source, turn),) = asked
    # What a sample would say: its rotations, and gravity, in the camera's frame.
    before, turned = (np.array(ROTATION) @ np.array(thing.rotation) for thing in (MUG, after))
    assert source.rotation == pytest.approx(before @ [[1, 0, 0], [0, 0, 1], [0, -1, 0]])  # columns: right, down, away
    assert turn == pytest.approx(-turn_about(source.up, before, turned))
    assert source.up == pytest.approx((0, -math.cos(PITCH), -math.sin(PITCH)))
    point = np.array(ROTATION) @ (np.array(MUG.position) - (0, 0, 1))
    assert source.box[:6] == pytest.approx((*point, 0.1, 0.1, 0.08))
    pixel = source.K @ np.array(source.box[:3])
    assert pixel[:2] / pixel[2] == pytest.approx(CAMERA.project(np.array([MUG.position]))[0])
