"""Handles of a box: where they are seen, and what dragging each does, held against projections."""

import dataclasses

import numpy as np
import pytest
from own_scene import BOX, GROUND, K

from gsi_bench_metric.photos.standing import Placed, place
from gsi_bench_space.annotating.handles import HANDLES, dragged, edges_of, handles_of
from gsi_bench_space.problem import OwnError

TURNED = dataclasses.replace(BOX, turn_deg=35.0, width=0.2, depth=0.1)


def placed(block):
    return Placed(*place(block, GROUND), GROUND, K)


@pytest.mark.parametrize("block", [BOX, TURNED, dataclasses.replace(TURNED, turn_deg=-140.0)])
@pytest.mark.parametrize("handle", HANDLES)
def test_a_handle_dragged_to_where_it_is_changes_nothing(block, handle):
    found = dragged(block, GROUND, K, handle, handles_of(placed(block))[handle])
    assert dataclasses.astuple(found) == pytest.approx(dataclasses.astuple(block), abs=1e-6)


@pytest.mark.parametrize(
    ("handle", "change"),
    [
        ("base", {"right": 0.05, "away": 0.9}),
        ("turn", {"turn_deg": -20.0}),
        ("top", {"height": 0.25}),
        ("right", {"width": 0.28}),
        ("front", {"depth": 0.17}),
    ],
)
def test_a_handle_follows_the_pointer(handle, change):
    """Dragged to where the handle of the changed box is, it makes that box; of width and depth the far side stays."""
    wanted = dataclasses.replace(TURNED, **change)
    if handle in ("right", "front"):
        (name, new), turn = next(iter(change.items())), np.radians(TURNED.turn_deg)
        way = (np.cos(turn), np.sin(turn)) if handle == "right" else (np.sin(turn), -np.cos(turn))
        half = (new - getattr(TURNED, name)) / 2
        wanted = dataclasses.replace(wanted, right=TURNED.right + half * way[0], away=TURNED.away + half * way[1])
    found = dragged(TURNED, GROUND, K, handle, handles_of(placed(wanted))[handle])
    assert dataclasses.astuple(found) == pytest.approx(dataclasses.astuple(wanted), abs=1e-6)


@pytest.mark.parametrize("handle", ["base", "right", "front", "turn"])
def test_above_the_horizon_nothing_stands(handle):
    with pytest.raises(OwnError):
        dragged(BOX, GROUND, K, handle, (300.0, -200.0))


def test_a_box_is_never_inside_out():
    for handle, point in (("right", (0.0, 300.0)), ("front", (302.0, 60.0)), ("top", (302.0, 479.0))):
        found = dragged(BOX, GROUND, K, handle, point)
        assert min(found.width, found.height, found.depth) > 0


def test_edges_behind_the_camera_are_not_drawn():
    assert len(edges_of(placed(BOX))) == 12
    assert edges_of(placed(dataclasses.replace(BOX, away=-0.5))) == []
