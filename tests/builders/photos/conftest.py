import pytest
from photo_shapes import drawn, thing

from gsi_bench_builders.scene import Camera, Light, Room, Scene, Support


@pytest.fixture(scope="session")
def kitchen():
    """A table with a mug and a laptop, a chair and two boxes on the floor, a cabinet at the back."""
    things = (
        thing("table_1", "table", (0.0, 0.0, 0.375), (1.6, 0.9, 0.75), 5),
        thing("mug_1", "mug", (-0.4, -0.1, 0.8), (0.12, 0.1, 0.1), 30),
        thing("laptop_1", "laptop", (0.3, 0.0, 0.86), (0.36, 0.26, 0.22), -12),
        thing("chair_1", "chair", (-1.3, -0.9, 0.45), (0.5, 0.5, 0.9), 50),
        thing("box_1", "box", (1.25, -0.7, 0.2), (0.4, 0.35, 0.4), 20),
        thing("box_2", "box", (1.5, 0.6, 0.2), (0.42, 0.3, 0.4), -15),
        thing("cabinet_1", "cabinet", (-1.0, 2.1, 0.9), (0.9, 0.5, 1.8), 0),
    )
    camera = Camera.look_at((0.25, -3.4, 1.75), (0.0, 0.0, 0.55), 62, 640, 480)
    return Scene("kitchen", things, Support("floor", "地板", (-4, 4), (-4, 4), 0.0), Room("flat", 0), Light(), camera)


@pytest.fixture(scope="session")
def shoot(kitchen):
    """The kitchen from three places."""
    cameras = [kitchen.camera]
    for x, y, z in ((-0.9, -3.0, 1.5), (1.3, -3.1, 1.9)):
        cameras.append(Camera.look_at((x, y, z), (0.05, 0.0, 0.5), 62, 640, 480))
    return drawn(kitchen, cameras)
