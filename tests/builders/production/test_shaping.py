"""Images of other shapes show all that the square showed, with as many pixels."""

import numpy as np
import pytest

from gsi_bench_builders.production.aspects import ASPECTS
from gsi_bench_builders.production.shaping import Shaped, image_size, reshaped
from gsi_bench_builders.recipes.mesatask import EmbeddedTabletops
from gsi_bench_builders.recipes.rooms import EmbeddedRooms


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("size", [128, 256, 512, 1024])
def test_a_shape_has_as_many_pixels_as_the_square(aspect, size):
    width, height = image_size(size, aspect)
    wide, high = ASPECTS[aspect]
    assert width * height == pytest.approx(size**2, rel=0.12)
    assert width / height == pytest.approx(wide / high, rel=0.1)
    assert width % 8 == height % 8 == 0


@pytest.mark.parametrize("source", [EmbeddedTabletops(("desk",)), EmbeddedRooms(("living",)), EmbeddedRooms(("bathroom",))])
@pytest.mark.parametrize("aspect", ["4:3", "16:9", "3:4"])
def test_what_was_framed_stays_in_the_image(source, aspect):
    square, _ = source.scene(0, np.random.default_rng(1), 512)
    shaped, _ = Shaped(source, aspect).scene(0, np.random.default_rng(1), 512)
    assert shaped.things == square.things
    assert (shaped.camera.position, shaped.camera.rotation) == (square.camera.position, square.camera.rotation)
    middles = np.array([t.position for t in square.things])
    old, new = square.camera.project(middles), shaped.camera.project(middles)
    inside = (old >= 0).all(axis=1) & (old <= 512).all(axis=1)
    assert inside.any()
    assert (new[inside] >= 0).all() and (new[inside] <= (shaped.camera.width, shaped.camera.height)).all()


def test_a_square_is_left_as_it_is():
    camera = EmbeddedRooms(("bathroom",)).scene(0, np.random.default_rng(1), 256)[0].camera
    assert reshaped(camera, "1:1") == camera


def test_mixed_draws_shapes_and_a_scene_repeats():
    source = Shaped(EmbeddedTabletops(("desk",)), "mixed")
    cameras = [source.scene(0, np.random.default_rng(seed), 256)[0].camera for seed in range(12)]
    assert len({(c.width, c.height) for c in cameras}) >= 3
    assert source.scene(0, np.random.default_rng(3), 256)[0].camera == cameras[3]
    assert source.describe()["aspect"] == "mixed"


def test_an_unknown_shape_is_named():
    with pytest.raises(ValueError, match="found '2:1'"):
        Shaped(EmbeddedTabletops(), "2:1")
