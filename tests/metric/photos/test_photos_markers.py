"""Photographs of printed markers become pairs: known motions come back, and what cannot be used is named."""

import dataclasses
import io
import json
import math

import numpy as np
import pytest
from PIL import Image
from table_scene import FOCAL, SIZE, VIEWS, Camera, photograph

from gsi_bench_dataset.cli.main import main
from gsi_bench_metric.geometry.poses import ground_axes, turn_about
from gsi_bench_metric.photos.markers.making import MarkersError, from_markers
from gsi_bench_metric.photos.markers.notes import NotesError
from gsi_bench_metric.photos.markers.prints import BoardError, write_prints
from gsi_bench_metric.photos.pairs import load_pairs

MUG, BOX = 100, 101
START = {MUG: (0.05, 0.38, 0.0), BOX: (0.30, 0.42, 40.0)}
OBJECTS = {
    "mug": {"card": MUG, "width_m": 0.08, "height_m": 0.1, "depth_m": 0.09},
    "box": {"card": BOX, "width_m": 0.1, "height_m": 0.05, "depth_m": 0.12, "symmetry": "2-fold"},
}
FOCAL_MM = FOCAL * math.hypot(36, 24) / math.hypot(*SIZE)
_VIEW = Camera()


@pytest.fixture(scope="module")
def calibration():
    """Photographs of the board from several sides, by distortion of the lens."""
    return {
        lens: [photograph(dataclasses.replace(view, distortion=lens), {}, seed=9) for view in VIEWS]
        for lens in ((0.0, 0.0), (-0.12, 0.05))
    }


def save(path, rgb):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgb).save(path, compress_level=1)


@pytest.fixture
def folder(tmp_path, calibration):
    """Writes photographs and notes; the folder."""

    def write(photos, pairs, *, objects=None, views=(), **more):
        place = tmp_path / "photos"
        place.mkdir()
        for name, rgb in photos.items():
            save(place / name, rgb)
        for number, rgb in enumerate(views):
            save(place / "calibration" / f"{number}.png", rgb)
        notes = {"licence": "CC0-1.0", "objects": OBJECTS if objects is None else objects, "pairs": pairs} | more
        (place / "set.json").write_text(json.dumps(notes), "utf-8")
        return place

    return write


def pair(name="a", before="1.png", after="2.png", **more):
    return {"id": name, "before": before, "after": after, "object": "mug"} | more


def truth_of(move, turn, camera):
    """(step right and away, turn) of a way on the board as a camera sees it."""
    rotation, _ = camera.pose
    right, away = ground_axes(-rotation[:, 2])
    way = rotation @ [*move, 0.0]
    return [way @ right, way @ away], turn


MOVES = [(0.12, -0.05, 0.0), (-0.03, 0.02, 25.0), (0.0, 0.0, -60.0), (0.1, 0.1, 170.0), (0.006, 0.0, 0.0)]


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("moved_camera", [_VIEW, Camera(12, 46, 1.05)], ids=["fixed", "hand-held"])
def test_a_known_motion_comes_back(folder, tmp_path, move, moved_camera):
    x, y, turn = START[MUG]
    end = (x + move[0], y + move[1], turn + move[2])
    photos = {"1.png": photograph(_VIEW, START), "2.png": photograph(moved_camera, START | {MUG: end}, seed=2)}
    from_markers(folder(photos, [pair()]), tmp_path / "out", 0.027, FOCAL_MM)
    (made,) = load_pairs(tmp_path / "out")
    step, turned = truth_of(move[:2], move[2], _VIEW)
    if made.truth.done == "turned":
        assert step == [0, 0]
    else:
        np.testing.assert_allclose(made.truth.step_m[:2], step, atol=0.002)
    assert (made.truth.turn_deg or 0.0) == pytest.approx(turned, abs=0.5)
    assert made.kind.endswith(", hand-held") == (moved_camera is not _VIEW)


@pytest.mark.parametrize("lens", [(0.0, 0.0), (-0.12, 0.05)], ids=["straight", "distorted"])
def test_the_lens_is_calibrated_on_the_photographs(folder, tmp_path, calibration, lens):
    camera = dataclasses.replace(_VIEW, distortion=lens)
    end = {MUG: (-0.07, 0.34, 30.0)}
    photos = {"1.png": photograph(camera, START), "2.png": photograph(camera, START | end, seed=2)}
    found, (made,) = from_markers(folder(photos, [pair()], views=calibration[lens]), tmp_path / "out", 0.027)
    assert found.K[0, 0] == pytest.approx(FOCAL, rel=0.01)
    step, _ = truth_of((-0.12, -0.04), 0, camera)
    np.testing.assert_allclose(made.entry["truth"]["step_m"][:2], step, atol=0.002)
    assert made.entry["truth"]["turn_deg"] == pytest.approx(30.0, abs=0.5)


def test_boxes_stand_on_the_crosses_as_they_are_turned(folder, tmp_path):
    photos = {"1.png": photograph(_VIEW, START), "2.png": photograph(_VIEW, START, seed=2)}
    from_markers(folder(photos, [pair()]), tmp_path / "out", 0.027, FOCAL_MM)
    (made,) = load_pairs(tmp_path / "out")
    rotation, shift = _VIEW.pose
    for placed, card, height in zip(made.placed, (MUG, BOX), (0.1, 0.05), strict=True):
        x, y, turn = START[card]
        centre = rotation @ [x, y, -height / 2] + shift
        np.testing.assert_allclose(placed.box[:3], centre, atol=0.002)
        flat = np.stack([rotation[:, 0], rotation[:, 2], -rotation[:, 1]], axis=1)
        assert np.degrees(turn_about(-rotation[:, 2], flat, np.array(placed.rotation))) == pytest.approx(turn, abs=0.5)
    np.testing.assert_allclose(made.up, -rotation[:, 2], atol=0.003)
    assert [placed.symmetry for placed in made.placed] == [None, "2-fold"]


def test_a_print_of_another_scale_scales_all_lengths(folder, tmp_path):
    """The board came out at 110 %: what is measured on it says so."""
    cards = {MUG: (0.05, 0.42, 0.0)}
    end = {MUG: (0.16, 0.42, 0.0)}
    more = {"marker_m": 0.0297}
    photos = {"1.png": photograph(_VIEW, cards, **more), "2.png": photograph(_VIEW, end, seed=2, **more)}
    place = folder(photos, [pair()], objects={"mug": OBJECTS["mug"]})
    _, (made,) = from_markers(place, tmp_path / "out", 0.0297, FOCAL_MM)
    assert made.entry["truth"]["step_m"][0] == pytest.approx(0.11, abs=0.002)


def test_nothing_done_and_taken_away_are_told_apart(folder, tmp_path):
    photos = {
        "1.png": photograph(_VIEW, START),
        "2.png": photograph(_VIEW, START, seed=2),
        "3.png": photograph(_VIEW, {BOX: START[BOX]}, seed=3),
    }
    pairs = [pair("a"), pair("b", after="3.png", done="removed")]
    _, made = from_markers(folder(photos, pairs), tmp_path / "out", 0.027, FOCAL_MM)
    assert [one.entry["truth"] for one in made] == [{"done": "nothing"}, {"done": "removed"}]


def test_places_that_were_measured_need_no_card(folder, tmp_path):
    photos = {"1.png": photograph(_VIEW, {}), "2.png": photograph(_VIEW, {}, seed=2)}
    bare = {"mug": {name: value for name, value in OBJECTS["mug"].items() if name != "card"}}
    places = {"mug": {"before": [0.05, 0.36, 0], "after": [0.15, 0.36, 30]}}
    _, (made,) = from_markers(folder(photos, [pair(places=places)], objects=bare), tmp_path / "out", 0.027, FOCAL_MM)
    np.testing.assert_allclose(made.entry["truth"]["step_m"], [0.1, 0, 0], atol=1e-3)
    assert made.entry["truth"]["turn_deg"] == 30


def twice(image):
    """A second board in the picture."""
    copied = image.copy()
    board = image[340:560, 590:1000]
    copied[900:1120, 100:510] = board
    return copied


def other_board(image):
    """A marker in the picture that neither board nor cards have."""
    import cv2  # noqa: PLC0415

    from gsi_bench_metric.photos.markers.prints import dictionary  # noqa: PLC0415

    changed = image.copy()
    changed[880:1100, 60:280] = 250
    changed[910:1070, 90:250] = cv2.aruco.generateImageMarker(dictionary(), 60, 160)[..., None]
    return changed


UNUSABLE = {
    "few": (lambda image: np.where(np.arange(1600)[None, :, None] > 680, np.uint8(90), image), "corners are seen, at least 8"),
    "blurred": (None, "it is blurred: hold the camera still"),
    "no board": (lambda image: np.full_like(image, 90), "0 of the board's 24 corners"),
    "two boards": (twice, "are seen more than once: two boards"),
    "mixed": (other_board, "the markers 60 belong to another board"),
    "another size": (lambda image: image[::2, ::2], "800×600 pixels, the camera was calibrated for 1600×1200"),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_a_photograph_that_cannot_be_used_is_named(folder, tmp_path, what):
    spoil, said = UNUSABLE[what]
    good = photograph(_VIEW, START)
    bad = photograph(_VIEW, START, blur=5.0) if spoil is None else spoil(photograph(_VIEW, START))
    with pytest.raises(MarkersError) as error:
        from_markers(folder({"1.png": good, "2.png": np.ascontiguousarray(bad)}, [pair()]), tmp_path / "out", 0.027, FOCAL_MM)
    assert said in str(error.value)
    assert "2.png" in str(error.value)
    assert not (tmp_path / "out").exists()


def test_a_wrong_marker_length_is_noticed_on_the_cards(folder, tmp_path):
    """Cards and board printed at different scales."""
    cards = photograph(_VIEW, START)
    with pytest.raises(MarkersError, match=r"card 10[01] of (mug|box) misses a square by .* another scale than the board"):
        # A board that is twice as large is twice as far away: the cards stay as they look.
        rgb = cards.copy()
        rgb[640:] = photograph(_VIEW, START, marker_m=0.036, board=False)[640:]
        from_markers(folder({"1.png": rgb, "2.png": rgb}, [pair()]), tmp_path / "out", 0.027, FOCAL_MM)


@pytest.mark.parametrize(
    ("views", "said"),
    [
        ([], "2 photographs show the board well enough to calibrate the camera, at least 4 are needed"),
        ([Camera(1, 51), Camera(-1, 50), Camera(0, 52)], "look at the board from nearly one side"),
    ],
)
def test_too_little_to_calibrate_is_named(folder, tmp_path, views, said):
    photos = {"1.png": photograph(_VIEW, START), "2.png": photograph(_VIEW, START, seed=2)}
    place = folder(photos, [pair()], views=[photograph(view, {}) for view in views])
    with pytest.raises(MarkersError) as error:
        from_markers(place, tmp_path / "out", 0.027)
    assert said in str(error.value)


def test_a_card_that_is_hidden_is_no_removal(folder, tmp_path):
    photos = {"1.png": photograph(_VIEW, START), "2.png": photograph(_VIEW, {BOX: START[BOX]}, seed=2)}
    with pytest.raises(MarkersError, match='where it was taken away, write "done": "removed"'):
        from_markers(folder(photos, [pair()]), tmp_path / "out", 0.027, FOCAL_MM)


def test_notes_that_contradict_the_markers_are_refused(folder, tmp_path):
    photos = {"1.png": photograph(_VIEW, START), "2.png": photograph(_VIEW, START, seed=2)}
    with pytest.raises(MarkersError, match=r"a: set\.json says moved, the markers say nothing"):
        from_markers(folder(photos, [pair(done="moved")]), tmp_path / "out", 0.027, FOCAL_MM)


def test_all_that_is_wrong_with_the_notes_is_named(folder, tmp_path):
    objects = {"mug": {"card": 3, "width_m": 0.1, "depth_m": 0.1}, "box": {"card": MUG, "height_m": -1}}
    objects |= {"can": OBJECTS["mug"]}
    place = folder({}, [pair(), pair(object="jar"), pair("c", done="lost"), {}], objects=objects, colour="red")
    with pytest.raises(NotesError) as error:
        from_markers(place, tmp_path / "out", 0.027)
    for said in (
        "objects.mug.height_m: is needed: the size from the table to its top",
        "objects.mug.card: expected a number from 100 to 149, found 3",
        "objects.box.width_m: is needed",
        "card 100 is under several objects",
        "pairs[1].object: expected one of mug, box, can",
        "pairs[2].done: expected one of nothing, moved, turned, removed",
        "a stands twice",
        "pairs[3].before: expected a text",
        "colour: no such key",
    ):
        assert said in str(error.value)


@pytest.mark.parametrize("name", ["no notes", "no photograph", "no image", "leads out"])
def test_files_that_are_not_what_they_should_be(folder, tmp_path, name):
    before = "../1.png" if name == "leads out" else "1.png"
    place = folder({}, [pair(before=before)])
    (place / "2.png").write_bytes(b"none")
    if name == "no notes":
        (place / "set.json").unlink()
    if name == "no image":
        (place / "1.png").write_bytes(b"none")
    with pytest.raises((MarkersError, NotesError)) as error:
        from_markers(place, tmp_path / "out", 0.027, FOCAL_MM)
    said = {
        "no notes": "no set.json",
        "no photograph": "1.png: is not there",
        "no image": "1.png",
        "leads out": "relative path",
    }
    assert said[name] in str(error.value)


def test_the_focal_length_of_the_metadata_is_taken_when_asked(folder, tmp_path):
    photos = {"1.png": photograph(_VIEW, START), "2.png": photograph(_VIEW, START, seed=2)}
    place = folder(photos, [pair()])
    with pytest.raises(MarkersError, match=r"1\.png, 2\.png: no focal length in the metadata"):
        from_markers(place, tmp_path / "out", 0.027, "exif")
    for name in photos:
        exif = Image.Exif()
        exif[0x8769] = {0xA405: round(FOCAL_MM)}
        stream = io.BytesIO()
        Image.open(place / name).save(stream, "PNG", exif=exif)
        (place / name).write_bytes(stream.getvalue())
    lens, _ = from_markers(place, tmp_path / "out", 0.027, "exif")
    assert lens.K[0, 0] == pytest.approx(FOCAL * round(FOCAL_MM) / FOCAL_MM)


def test_the_command_makes_pairs_that_validate_reads(folder, tmp_path, capsys):
    photos = {"1.png": photograph(_VIEW, START), "2.png": photograph(_VIEW, START | {MUG: (0.15, 0.38, 0.0)}, seed=2)}
    place = folder(photos, [pair()])
    options = ["--out", str(tmp_path / "out"), "--marker-length-m", "0.027", "--focal-mm", f"{FOCAL_MM:.6f}"]
    assert main(["photos", "from-markers", str(place), *options]) == 0
    assert "a: moved by hand, 10.0" in capsys.readouterr().out
    (made,) = load_pairs(tmp_path / "out")
    assert (made.size, made.truth.done, len(made.placed)) == ((1024, 768), "moved", 2)


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_prints_are_at_true_scale(tmp_path, paper, capsys):
    assert main(["photos", "board", "--out", str(tmp_path), "--paper", paper, "--cards", "4", "--dpi", "200"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"board.png", "cards-1.png", "cards-2.png", "print.pdf"}
    page = np.asarray(Image.open(tmp_path / "board.png").convert("L"))
    width = {"a4": 0.297, "letter": 0.2794}[paper]
    assert page.shape[1] == round(width * 200 / 0.0254)
    rows, columns = np.nonzero(page[: round(0.19 * 200 / 0.0254)] < 100)
    # A corner square of the board is white: its outer rows and columns begin and end with a black one somewhere.
    for extent, squares in ((np.ptp(columns), 7), (np.ptp(rows), 5)):
        assert extent / 200 * 0.0254 == pytest.approx(squares * 0.036, abs=0.0005)
    assert (tmp_path / "print.pdf").read_bytes().startswith(b"%PDF")


def test_prints_that_cannot_be_are_refused(tmp_path):
    with pytest.raises(BoardError, match="expected 1 to 50"):
        write_prints(tmp_path, cards=51)
    with pytest.raises(BoardError, match="expected one of a4, letter"):
        write_prints(tmp_path, paper="a5")
