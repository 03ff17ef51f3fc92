"""Properties of the tracker in a world that is computed, not rendered: upright cards on a table, moved and scaled at will."""

import dataclasses
import math

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gsi_bench_dataset.records import EncodedImage, Operation, SceneObject
from gsi_bench_metric.detectors import DetectionItem, make_detector
from gsi_bench_metric.imaging.pictures import Picture

SIZE, FOCAL, TABLE = 256, 300.0, 0.35  # px, px, metres below the camera, which looks level
K = [[FOCAL, 0, SIZE / 2], [0, FOCAL, SIZE / 2], [0, 0, 1]]
UPRIGHT = [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]
FEW = settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclasses.dataclass(frozen=True)
class Card:
    """A card of `size` (width, height) that stands at x, z. `plain`: of one colour, instead of its image. `quarters`: its image
    is turned by so many quarters of a turn, as that of a card that fell."""

    name: str
    x: float
    z: float
    size: tuple[float, float] = (0.14, 0.18)
    plain: tuple[int, int, int] | None = None
    quarters: int = 0

    def face(self):
        face = texture(sum(map(ord, self.name))) if self.plain is None else np.full((96, 96, 3), self.plain, np.float32)
        return np.ascontiguousarray(np.rot90(face, self.quarters))

    def changed(self, dx=0.0, dz=0.0, factor=1.0):
        return dataclasses.replace(self, x=self.x + dx, z=self.z + dz, size=tuple(s * factor for s in self.size))

    @property
    def box(self):
        return [self.x, TABLE - self.size[1] / 2, self.z, *self.size, 0.01, 0.0]

    def corners(self):
        left, right = self.x - self.size[0] / 2, self.x + self.size[0] / 2
        points = [(left, TABLE - self.size[1]), (right, TABLE - self.size[1]), (right, TABLE), (left, TABLE)]
        return np.array([(FOCAL * x / self.z + SIZE / 2, FOCAL * y / self.z + SIZE / 2) for x, y in points], np.float32)


def texture(seed, size=96, detail=5):
    noise = np.random.default_rng(seed).uniform(0, 255, (detail, detail, 3)).astype(np.float32)
    return cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC).clip(0, 255)


def picture(cards, background):
    """RGB, depth in millimetres and instance numbers of cards, in the order of their list, nearer ones in front."""
    rows = np.arange(SIZE) + 0.5 - SIZE / 2
    floor = np.where(rows > 0, FOCAL * TABLE / np.maximum(rows, 1e-6), np.inf)
    depth = np.repeat(np.minimum(floor, 3.0)[:, None], SIZE, 1)
    rgb, numbers = background.copy(), np.zeros((SIZE, SIZE), np.uint16)
    for number, card in sorted(enumerate(cards, 1), key=lambda c: -c[1].z):
        face = card.face()
        flat = np.array([(0, 0), (96, 0), (96, 96), (0, 96)], np.float32)
        matrix = cv2.getPerspectiveTransform(flat, card.corners() * 4)
        # Painted four times as large: soft edges, as a camera's.
        large = cv2.warpPerspective(face, matrix, (SIZE * 4, SIZE * 4), flags=cv2.INTER_LINEAR)
        cover = cv2.warpPerspective(np.ones_like(face[..., 0]), matrix, (SIZE * 4, SIZE * 4), flags=cv2.INTER_NEAREST)
        small, share = (cv2.resize(p, (SIZE, SIZE), interpolation=cv2.INTER_AREA) for p in (large * cover[..., None], cover))
        rgb = rgb * (1 - share[..., None]) + small
        depth[share > 0.5], numbers[share > 0.5] = card.z, number
    return rgb.round().clip(0, 255).astype(np.uint8), (depth * 1000).round().astype(np.uint16), numbers


def png(array):
    array = array[..., ::-1] if array.ndim == 3 else array
    return EncodedImage(cv2.imencode(".png", array)[1].tobytes())


@pytest.fixture(scope="module")
def background():
    return texture(99, SIZE, 20) * 0.35 + 90


CARDS = (Card("cover", -0.1, 1.3), Card("poster", 0.22, 1.5, (0.16, 0.2)))


@pytest.fixture
def see(make_sample, background):
    """(cards in the edited image) -> all detections; the target is the first card."""
    things = tuple(SceneObject(c.name, c.name, c.box, UPRIGHT, "none", is_target=c is CARDS[0]) for c in CARDS)
    detector = make_detector("tracker")

    def run(cards, kind="move", before=background, after=background):
        source, depth, numbers = picture(CARDS, before)
        how = {"move": {"direction": "right", "distance_m": 0.2, "frame": "camera"}, "scale": {"factor": 1.5}, "remove": {}}
        sample = make_sample(
            image=png(source), depth=png(depth), instance_mask=png(numbers.astype(np.uint8)), objects=things, target="cover",
            original_bbox_3d=CARDS[0].box, new_bbox_3d=CARDS[0].changed(0.2).box, rotation_matrix=UPRIGHT, camera_intrinsics=K,
            up=[0.0, -1.0, 0.0], operation=Operation(kind=kind, **how[kind]), pixel_frame="source",
        )  # fmt: skip
        return detector.detect([DetectionItem(sample, "edited", None, Picture(png(picture(cards, after)[0])))])[0]

    return run


@pytest.fixture
def measure(see):
    """The same -> the target's detections."""
    return lambda *cards, **how: [d for d in see(*cards, **how) if d.object_id == "cover"]


@FEW
@given(angle=st.floats(0, 2 * math.pi), far=st.floats(0.12, 0.2))
def test_larger_moves_measure_larger_and_to_a_centimetre(measure, angle, far):
    dx, dz = far * math.cos(angle), far * math.sin(angle)
    measured = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        (found,) = measure([CARDS[0].changed(dx * share, dz * share), CARDS[1]])
        assert found.state == "present"
        step = np.array(found.bbox_3d[:3]) - CARDS[0].box[:3]
        assert np.linalg.norm(step - np.array([dx, 0, dz]) * share) < 0.01
        measured.append(float(step @ [dx, 0, dz]) / far)
    assert measured[0] == 0
    assert (np.diff(measured) > 0).all()


@FEW
@given(factor=st.one_of(st.floats(0.55, 0.8), st.floats(1.25, 1.8)))
def test_what_grows_more_is_measured_larger_and_to_two_percent(measure, factor):
    sizes = []
    for share in (0.0, 0.5, 1.0):
        (found,) = measure([CARDS[0].changed(factor=factor**share), CARDS[1]], "scale")
        assert found.bbox_3d[3] == pytest.approx(CARDS[0].size[0] * factor**share, rel=0.02)
        sizes.append(found.bbox_3d[3])
    assert (np.diff(sizes) * (1 if factor > 1 else -1) > 0).all()


@pytest.mark.parametrize("dress", [(20, 40, 200), (120, 150, 160), (170, 140, 140)])  # the last two much like the table's
def test_a_card_in_another_dress_is_found_by_its_shape(measure, dress):
    goal = CARDS[0].changed(0.2)
    (found,) = measure([dataclasses.replace(goal, plain=dress), CARDS[1]])
    assert found.state == "present"
    assert "turn" in found.unobservable
    assert np.linalg.norm(np.array(found.bbox_3d[:3]) - goal.box[:3]) < 0.03


def test_a_card_that_went_is_gone(measure):
    assert [d.state for d in measure([CARDS[1]])] == ["absent"]


def test_a_copy_that_half_hides_the_original_leaves_it_at_home(measure):
    first, *_ = measure([CARDS[0], CARDS[1], CARDS[0].changed(0.07, -0.1)])
    assert first.state == "present"
    assert first.bbox_3d[:3] == pytest.approx(CARDS[0].box[:3])


@pytest.mark.parametrize("change", [{"dx": 0.2}, {"dx": 0.02, "factor": 1.4}, {"dx": 0.1, "dz": -0.05}])
@pytest.mark.parametrize("copy", [(-0.2, 0.25), (-0.22, -0.1)])
def test_a_second_card_apart_from_the_moved_one_is_told(measure, change, copy):
    kind = "scale" if "factor" in change else "move"
    found = measure([CARDS[0].changed(**change), CARDS[1], CARDS[0].changed(*copy)], kind)
    assert [d.state for d in found] == ["present", "duplicate"]
    places = {tuple(np.round(np.array(d.bbox_3d)[[0, 2]], 1)) for d in found}
    wanted = (CARDS[0].changed(*copy), CARDS[0].changed(**change))
    assert places == {(round(c.x, 1), round(c.z, 1)) for c in wanted}


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_a_ghost_where_the_card_stood_is_no_second_card(measure, background, share):
    """The old place filled in carelessly: something of the card shines through."""
    ghost = share * texture(sum(map(ord, "cover"))).mean(axis=(0, 1)) + (1 - share) * background.mean(axis=(0, 1))
    plain = dataclasses.replace(CARDS[0], plain=tuple(ghost.tolist()))
    found = measure([CARDS[0].changed(0.2), CARDS[1], plain])
    assert [d.state for d in found] == ["present"]
    assert np.linalg.norm(np.array(found[0].bbox_3d[:3]) - CARDS[0].changed(0.2).box[:3]) < 0.01


@pytest.mark.parametrize("plain", [(20, 40, 200), (230, 220, 40)])
def test_something_new_that_looks_otherwise_is_no_second_card(measure, plain):
    (found,) = measure([CARDS[0].changed(0.2), CARDS[1], dataclasses.replace(CARDS[0].changed(-0.14, 0.3), plain=plain)])
    assert np.linalg.norm(np.array(found.bbox_3d[:3]) - CARDS[0].changed(0.2).box[:3]) < 0.01


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_card_that_fell_or_stands_on_its_head_is_tilted(measure, quarters):
    goal = CARDS[0].changed(0.2)
    size = goal.size[::-1] if quarters % 2 else goal.size
    (found,) = measure([dataclasses.replace(goal, quarters=quarters, size=size), CARDS[1]])
    lean = math.degrees(math.acos(np.array(found.rotation_matrix)[1, 1]))
    assert (found.state, found.unobservable) == ("present", ())
    assert lean == pytest.approx(180 if quarters == 2 else 90, abs=1)
    assert np.linalg.norm(np.array(found.bbox_3d)[[0, 2]] - (goal.x, goal.z)) < 0.03


def stretched(factor):
    width, height = CARDS[0].size
    return dataclasses.replace(CARDS[0].changed(0.2), size=(width / math.sqrt(factor), height * factor))


@pytest.mark.parametrize("factor", [1.8, 2.0, 2.3])
def test_a_stretched_card_is_of_another_shape(measure, factor):
    (found,) = measure([stretched(factor), CARDS[1]])
    assert found.state == "present"
    assert found.bbox_3d[4] / found.bbox_3d[3] == pytest.approx(2**1.5 * CARDS[0].size[1] / CARDS[0].size[0], rel=0.01)


def test_a_squashed_card_is_not_taken_for_what_was_asked(measure):
    (found,) = measure([stretched(0.5), CARDS[1]])
    assert found.state == "absent" or found.bbox_3d[4] / found.bbox_3d[3] < 0.8 * CARDS[0].size[1] / CARDS[0].size[0]


@pytest.mark.parametrize("kind", ["remove", "move"])
@pytest.mark.parametrize("paint", [(20, 40, 200), (235, 230, 60), (60, 60, 60)])
def test_a_repainted_card_is_not_gone(measure, kind, paint):
    found = measure([dataclasses.replace(CARDS[0], plain=paint), CARDS[1]], kind)
    assert [d.state for d in found] == ["present"]
    assert found[0].bbox_3d[:3] == pytest.approx(CARDS[0].box[:3], abs=0.02)


@pytest.mark.parametrize("change", [{"dx": 0.2}, {"dx": -0.12, "dz": 0.1}, {"factor": 0.66}])
def test_what_went_elsewhere_or_shrank_is_not_removed(measure, change):
    assert [d.state for d in measure([CARDS[0].changed(**change), CARDS[1]], "remove")] == ["present"]


def test_a_removed_card_is_gone(measure):
    assert [d.state for d in measure([CARDS[1]], "remove")] == ["absent"]


@pytest.mark.parametrize("strength", [0.25, 0.4])
def test_a_reflection_that_went_along_is_no_card(measure, background, strength):
    """The source shows the card's reflection on the table below it, the edited image neither of them."""
    x, y = CARDS[0].corners()[[0, 2]].T.round().astype(int)
    tall = min(y[1] - y[0], SIZE - y[1])
    cards, _, _ = picture([CARDS[0]], background)
    mirror = cards[y[1] - tall : y[1], x[0] : x[1]][::-1].astype(np.float32)
    under = background[y[1] : y[1] + tall, x[0] : x[1]]
    polished = background.copy()
    polished[y[1] : y[1] + tall, x[0] : x[1]] = (1 - strength) * under + strength * mirror
    assert [d.state for d in measure([CARDS[1]], "remove", before=polished)] == ["absent"]


@pytest.mark.parametrize("colour", [(30, 60, 190), (230, 90, 60)])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_bar_behind_a_removed_card_is_no_object(measure, background, colour, share):
    """What the card hid is as new as a card would be there; but it goes on above and below."""
    x, barred = CARDS[0].corners()[:2, 0], background.copy()
    middle, half = x.mean(), share * np.ptp(x) / 2
    barred[:, int(middle - half) : int(middle + half)] = colour
    assert [d.state for d in measure([CARDS[1]], "remove", before=barred, after=barred)] == ["absent"]


@pytest.mark.parametrize("colour", [(30, 60, 190), (230, 90, 60)])
def test_a_blurred_ghost_smaller_than_the_card_is_not_gone(measure, background, colour):
    x, y = CARDS[0].corners()[[0, 2]].T
    rows, columns = np.mgrid[:SIZE, :SIZE]
    off = ((columns - x.mean()) / (0.45 * np.ptp(x))) ** 8 + ((rows - y.mean()) / (0.45 * np.ptp(y))) ** 8
    share = np.exp(-off / 2)[..., None]
    after = (1 - share) * background + share * np.array(colour)
    assert [d.state for d in measure([CARDS[1]], "remove", after=after)] == ["present"]


@pytest.mark.parametrize("colour", [(30, 60, 190), (230, 220, 50)])
@pytest.mark.parametrize("size", [(0.09, 0.3), (0.1, 0.27)])
def test_what_stands_in_a_removed_cards_place_is_a_stranger(see, colour, size):
    found = see([dataclasses.replace(CARDS[0], plain=colour, size=size), CARDS[1]], "remove")
    assert {d.object_id: d.state for d in found} == {"cover": "absent", None: "present", "poster": "present"}
    (stranger,) = (d for d in found if d.object_id is None)
    assert stranger.bbox_3d[:3] == pytest.approx(CARDS[0].box[:3], abs=0.02)


@pytest.mark.parametrize("colour", [(30, 60, 190), (230, 220, 50)])
@pytest.mark.parametrize("soft", [0.2, 0.3])
def test_a_soft_blob_in_a_removed_cards_place_is_a_stranger(see, background, colour, soft):
    x, y = CARDS[0].corners()[[0, 2]].T.round().astype(int)
    place = np.zeros((SIZE, SIZE), np.float32)
    place[y[0] : y[1], x[0] : x[1]] = 1
    share = cv2.GaussianBlur(place, (0, 0), soft * np.ptp(x))[..., None]
    found = see([CARDS[1]], "remove", after=(1 - share) * background + share * np.array(colour))
    assert {d.object_id: d.state for d in found} == {"cover": "absent", None: "present", "poster": "present"}


@pytest.fixture
def alone(make_sample, background):
    """(name of what has a box about the first card, operation, cards in the edited image) -> the target's detections."""

    def run(name, kind, left):
        box = [0.05, TABLE - 0.2, 1.3, 0.8, 0.4, 0.5, 0.0]
        cards = (SceneObject(c.name, c.name, c.box, UPRIGHT, "none", is_target=c is CARDS[0]) for c in CARDS)
        how = {"move": {"direction": "right", "distance_m": 0.2, "frame": "camera"}, "remove": {}}[kind]
        sample = make_sample(
            image=png(picture(CARDS, background)[0]), depth=None, instance_mask=None, target="cover", pixel_frame="source",
            objects=(SceneObject(name, name, box, UPRIGHT, "none"), *cards), rotation_matrix=UPRIGHT, camera_intrinsics=K,
            original_bbox_3d=CARDS[0].box, new_bbox_3d=CARDS[0].changed(0.2).box, up=[0.0, -1.0, 0.0],
            operation=Operation(kind=kind, **how),
        )  # fmt: skip
        item = DetectionItem(sample, "edited", None, Picture(png(picture(left, background)[0])))
        return [d for d in make_detector("tracker").detect([item])[0] if d.object_id == "cover"]

    return run


@pytest.mark.parametrize(
    ("kind", "left", "state"),
    [("move", (CARDS[0].changed(0.2), CARDS[1]), "present"), ("remove", CARDS[1:], "absent")],
)
@pytest.mark.parametrize("name", ["shelf", "sofa", "washbasin"])
def test_what_stands_in_an_open_box_is_seen_by_boxes_alone(alone, name, kind, left, state):
    found = alone(name, kind, left)
    assert [d.state for d in found] == [state]
    if kind == "move":
        assert np.allclose(np.subtract(found[0].bbox_3d[:3], CARDS[0].box[:3]), (0.2, 0, 0), atol=0.01)
