"""Lines are drawn where the objects they mean are seen."""

import dataclasses

import numpy as np
import pytest
from own_scene import BOX, FOCAL_MM, GROUND, SIZE, K, rectangle

from gsi_bench_dataset.layout.pixel_frame import BOX_EDGES, box_corners, project
from gsi_bench_metric.photos.standing import Placed, intrinsics, looking_down, place
from gsi_bench_space.own import drawing

PLACED = Placed(*place(BOX, GROUND), GROUND, K)
BLACK = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)


def colour_at(rgb, point):
    """The brightest of the pixels around a point."""
    x, y = (round(float(v)) for v in point)
    return rgb[y - 1 : y + 2, x - 1 : x + 2].max((0, 1))


def test_every_edge_of_the_box_is_drawn_in_its_colour():
    drawn = drawing.draw_box(BLACK, PLACED, drawing.WHITE)
    corners = box_corners(PLACED.box, PLACED.rotation)
    for a, b in BOX_EDGES:
        assert colour_at(drawn, project((4 * corners[a] + corners[b]) / 5, K)).min() > 150


def test_the_grid_has_whole_steps_around_the_object():
    drawn = drawing.draw_ground(BLACK, PLACED)
    step, (right, away, up) = drawing.grid_step(GROUND), GROUND.axes
    assert step == 0.05
    crossings = [(i, j) for i in range(-3, 2) for j in range(14, 20)]
    for i, j in crossings:
        on, off = ((i + d) * step * right + (j + d) * step * away - GROUND.height_m * up for d in (0.0, 0.5))
        assert colour_at(drawn, project(on, K)).min() > 60
        assert drawn[tuple(project(off, K).round().astype(int)[::-1])].max() == 0


def test_the_horizon_is_drawn_where_it_is_seen():
    level = looking_down(5, 0.6)
    block = dataclasses.replace(BOX, away=2.0)
    K_wide = intrinsics(FOCAL_MM, SIZE)
    drawn = drawing.draw_ground(BLACK, Placed(*place(block, level), level, K_wide))
    row = round(SIZE[1] / 2 - K_wide[1][1] * np.tan(np.radians(5)))
    assert (drawn[row - 4 : row + 6].max(0).max(-1) > 0).mean() > 0.95


def test_lines_end_in_front_of_the_camera():
    """A box beside and partly behind the camera draws nothing across the image, and no error."""
    near = dataclasses.replace(BOX, away=0.0, right=0.9)
    drawn = drawing.draw_box(BLACK, dataclasses.replace(PLACED, box=place(near, GROUND)[0]), drawing.WHITE)
    assert (drawn > 0).mean() < 0.05


def test_drawing_leaves_the_photo_as_it_is():
    before = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    kept = before.copy()
    drawing.draw_ground(before, PLACED)
    drawing.draw_box(before, PLACED, drawing.GREEN)
    marked = drawing.draw_rectangle(before, rectangle())
    drawing.draw_cross(before, (10.4, 10.6))
    assert np.array_equal(before, kept) and not np.array_equal(marked, kept)


@pytest.mark.parametrize(("height", "step"), [(0.05, 0.01), (0.6, 0.05), (1.6, 0.2), (30.0, 2.0), (900.0, 5.0)])
def test_the_grid_is_as_fine_as_the_camera_is_near(height, step):
    assert drawing.grid_step(looking_down(30, height)) == step
