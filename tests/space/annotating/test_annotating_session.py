"""A folder annotated step by step: what is proposed, what is saved after each step, and what is read back."""

import json

import numpy as np
import pytest
from annotating_cases import CAMERA
from own_scene import BOX, rectangle
from PIL import Image

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.layout.boxes import read_boxes
from gsi_bench_metric.photos.markers.prints import board_image
from gsi_bench_space.annotating.keeping import Rights
from gsi_bench_space.annotating.session import AnnotateError, Session
from gsi_bench_space.own.masking import Tools

SIZES = (100 * BOX.width, 100 * BOX.height, 100 * BOX.depth)


def framed(session, number=0, **more):
    """With the true camera, and the box in the rectangle that it fills."""
    found = session(**more)
    found.do(number, "camera", CAMERA)
    x1, y1, x2, y2 = rectangle()
    # The larger photograph is worked on at 1024 pixels.
    scale = 1024 / 640 if number else 1
    state = found.do(number, "frame", {"x": x2 * scale, "y": y1 * scale, "x2": x1 * scale, "y2": y2 * scale})
    assert state["message"] == "saved", state["message"]
    return found, state


def entry(folder, file="a.png"):
    return next(p for p in read_boxes(folder / "boxes.json").photographs if p.file == file)


def test_photographs_of_all_folders_are_found_in_order(session):
    assert session().files == ["a.png", "more/b.jpg"]


@pytest.mark.parametrize(("number", "file", "size"), [(0, "a.png", (640, 480)), (1, "more/b.jpg", (1280, 960))])
def test_a_marked_object_is_saved_as_the_truth(session, folder, number, file, size):
    found, state = framed(session, number)
    found.do(number, "name", {"id": "object_1", "name": "Box", "colour": "red"})
    kept = entry(folder, file)
    assert (kept.width, kept.height) == size and kept.intrinsics[0][2] == size[0] / 2
    (thing,) = kept.objects
    assert (thing.name, thing.colour) == ("box", "red")
    # The rectangle alone says nothing of the depth: it is taken to be the width, as it is here.
    assert np.array(thing.box[3:]) * 100 == pytest.approx(SIZES, abs=0.2)
    assert [state["objects"][0][k] for k in ("right", "away")] == pytest.approx((100 * BOX.right, 100 * BOX.away), abs=0.3)
    with Image.open(folder / kept.instances) as numbers:
        assert numbers.size == size and set(np.unique(np.asarray(numbers))) == {0, 1}


def test_what_is_saved_is_read_back_to_the_same_file(session, folder):
    framed(session)
    before = (folder / "boxes.json").read_bytes()
    again = session()
    state = again.state(0)
    assert state["objects"][0]["width"] == pytest.approx(SIZES[0], abs=0.2) and state["objects"][0]["mask"]
    again.do(0, "name", {"id": "object_1", "colour": "red"})
    again.do(0, "name", {"id": "object_1", "colour": ""})
    assert json.loads((folder / "boxes.json").read_bytes()) == json.loads(before)


def test_a_mask_of_another_hand_stays_as_fine_as_it_was(session, folder):
    """The page works on 1024 pixels; what it does not change keeps the photograph's own."""
    framed(session, 1)
    drawn, place = np.zeros((960, 1280), np.uint16), folder / "masks" / "drawn.png"
    drawn[300:500:2, 500:700] = 1
    Image.fromarray(drawn).save(place)
    found = json.loads((folder / "boxes.json").read_text())
    found["photographs"][0]["instances"] = "masks/drawn.png"
    (folder / "boxes.json").write_text(json.dumps(found))
    before, opened = place.read_bytes(), session()
    for step, given in (("name", {"colour": "red"}), ("block", {"turn": 20}), ("known", {"side": "width", "length": 9})):
        assert opened.do(1, step, {"id": "object_1", **given})["message"] == "saved"
        assert entry(folder, "more/b.jpg").instances == "masks/drawn.png" and place.read_bytes() == before
    assert opened.do(1, "retouch", {"id": "object_1", "x": 300, "y": 500, "adds": True})["message"] == "saved"
    assert entry(folder, "more/b.jpg").instances == "masks/more/b.png" and place.read_bytes() == before


def test_names_that_differ_in_their_ending_are_refused(session, folder):
    (folder / "a.jpg").write_bytes((folder / "a.png").read_bytes())
    found = session()
    assert found.files[:2] == ["a.jpg", "a.png"]
    assert found.do(0, "camera", CAMERA)["message"] == "saved"
    assert "a.jpg is marked too" in found.do(1, "camera", CAMERA)["message"]
    assert [p.file for p in read_boxes(folder / "boxes.json").photographs] == ["a.jpg"]


def test_rights_that_no_reader_takes_are_refused(session, folder):
    message = session(rights=Rights(attribution=" ")).do(0, "camera", CAMERA)["message"]
    assert "attribution: expected a text of one line" in message and not (folder / "boxes.json").exists()


def test_a_scale_that_no_reader_takes_is_refused(session, folder):
    found, _ = framed(session)
    found.do(0, "block", {"id": "object_1", "height": 0.1})
    before = (folder / "boxes.json").read_bytes()
    state = found.do(0, "known", {"id": "object_1", "side": "height", "length": 100_000})
    assert "could not be read again" in state["message"] and state["objects"][0]["height"] == pytest.approx(0.1)
    assert (folder / "boxes.json").read_bytes() == before


@pytest.mark.parametrize("id_", ["cup_²", "cup_٣", "cup_", "7"])
def test_any_id_of_the_file_lets_objects_be_added(session, folder, id_):
    framed(session)
    found = json.loads((folder / "boxes.json").read_text())
    found["photographs"][0]["objects"][0]["id"] = id_
    (folder / "boxes.json").write_text(json.dumps(found), encoding="utf-8")
    assert len(session().do(0, "frame", {"x": 100, "y": 200, "x2": 180, "y2": 300})["objects"]) == 2


def test_what_the_page_does_not_know_stays_in_the_file(session, folder):
    framed(session)
    found = json.loads((folder / "boxes.json").read_text())
    more = {"scene": "kitchen", "licence": "cc0-1.0", "redistributable": True, "attribution": "me"}
    more |= {"surfaces": [[[-0.6, 0.4, 1.0], [0.6, 0.4, 1.0], [0.0, 0.4, 1.001]]]}
    found["photographs"][0] |= more
    # What leans is no block of the page.
    angle = np.radians(10)
    tilt = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    turn = np.array(found["photographs"][0]["objects"][0]["rotation"]) @ tilt
    found["photographs"][0]["objects"][0]["rotation"] = turn.tolist()
    (folder / "boxes.json").write_text(json.dumps(found))
    session().do(0, "name", {"id": "object_1", "name": "parcel"})
    kept = entry(folder)
    assert (kept.scene, kept.licence, kept.redistributable, len(kept.surfaces)) == ("kitchen", "cc0-1.0", True, 1)
    assert np.array(kept.objects[0].rotation) == pytest.approx(turn) and kept.objects[0].name == "parcel"


def test_one_known_length_gives_all_others(session, folder):
    found, state = framed(session)
    state = found.do(0, "known", {"id": "object_1", "side": "height", "length": 2 * state["objects"][0]["height"]})
    assert [state["objects"][0][k] for k in ("width", "height", "depth")] == pytest.approx(2 * np.array(SIZES), abs=0.4)
    assert state["camera"]["height"] == pytest.approx(120, abs=0.1) and state["camera"]["pitch"] == CAMERA["pitch"]


def test_another_camera_keeps_objects_where_they_are_seen(session):
    found, state = framed(session)
    seen = np.array(state["objects"][0]["edges"]).reshape(-1, 2)
    after = found.do(0, "camera", CAMERA | {"pitch": 38})
    edges = np.array(after["objects"][0]["edges"]).reshape(-1, 2)
    for pick in (np.min, np.max):
        assert pick(edges, axis=0) == pytest.approx(pick(seen, axis=0), abs=2.5)
    assert after["objects"][0]["height"] != state["objects"][0]["height"]


def test_what_stands_on_another_is_raised_and_follows_it(session, folder):
    found, _ = framed(session)
    found.do(0, "frame", {"x": 260, "y": 150, "x2": 300, "y2": 200, "on": "object_1"})
    upper = found.state(0)["objects"][1]
    assert upper["on"] == "object_1"
    low, high = (np.array(o.box) for o in entry(folder).objects)
    up = np.array(entry(folder).up)
    gap = (high[:3] @ up - high[4] / 2) - (low[:3] @ up + low[4] / 2)
    assert gap == pytest.approx(0, abs=1e-6)
    state = found.do(
        0,
        "block",
        {
            "id": "object_1",
            **{k: found.state(0)["objects"][0][k] for k in ("right", "away", "turn", "width", "depth")},
            "height": 10,
        },
    )
    low, high = (np.array(o.box) for o in entry(folder).objects)
    assert (high[:3] @ up - high[4] / 2) - (low[:3] @ up + low[4] / 2) == pytest.approx(0, abs=1e-6)
    assert found.do(0, "stand", {"id": "object_1", "on": "object_2"})["message"].endswith("cannot stand on itself")
    state = found.do(0, "remove", {"id": "object_1"})
    assert [(o["id"], o["on"]) for o in state["objects"]] == [("object_2", "")]


def test_the_printed_board_gives_ground_and_scale(folder, session):
    """A board that lies where a camera 0.6 m above, 40 degrees down, sees it."""
    import cv2  # noqa: PLC0415
    from own_scene import FOCAL_MM  # noqa: PLC0415

    from gsi_bench_metric.photos.standing import intrinsics, looking_down  # noqa: PLC0415

    size, ground = (1024, 768), looking_down(40.0, 0.6)
    K = np.array(intrinsics(FOCAL_MM, size))
    board = board_image(4000)
    right, away, up = ground.axes
    # Its upper left corner, and a pixel of it to the right and towards the camera.
    corner, step = -0.126 * right + 0.80 * away - 0.6 * up, 1 / 4000
    plane = np.stack([right * step, -away * step, corner], axis=1)
    warp = K @ plane
    shown = cv2.warpPerspective(board, warp, size, borderValue=180, flags=cv2.INTER_AREA)
    Image.fromarray(np.repeat(shown[..., None], 3, axis=2)).save(folder / "a.png")
    found = session()
    found.do(0, "camera", CAMERA)
    state = found.do(0, "board", {"marker": 27})
    assert state["message"] == "saved", state["message"]
    assert state["levelled"] == "board"
    assert state["camera"]["height"] == pytest.approx(60, abs=0.6) and state["camera"]["pitch"] == pytest.approx(40, abs=0.5)


def test_a_photograph_without_a_board_says_so(session):
    assert session().do(0, "board", {"marker": 27})["message"].startswith("the board: ")


def test_steps_are_taken_back_one_by_one(session, folder):
    found, _ = framed(session)
    found.do(0, "name", {"id": "object_1", "name": "box"})
    assert found.do(0, "undo", {})["objects"][0]["name"] == ""
    assert found.do(0, "undo", {})["objects"] == [] and entry(folder).objects == ()
    found.do(0, "undo", {})
    assert found.do(0, "undo", {})["message"] == "there is nothing to take back"


@pytest.mark.parametrize(
    ("what", "given"),
    [
        ("mark", {"x": "1", "y": 2}),
        ("mark", {"x": float("nan"), "y": 2}),
        ("mark", {"x": -5, "y": 2}),
        ("frame", {"x": 5, "y": 5, "x2": 5, "y2": 5}),
        ("drag", {"id": "object_1", "handle": "nose", "x": 1, "y": 1}),
        ("drag", {"id": "nothing", "handle": "base", "x": 1, "y": 1}),
        ("block", {"id": "object_1", "right": 0, "away": 80, "width": -1, "height": 1, "depth": 1, "turn": 0}),
        ("block", {"id": "object_1"}),
        ("name", {"id": "object_1", "name": "a\nb"}),
        ("name", {"id": "object_1", "symmetry": "odd"}),
        ("camera", {"focal": 1, "pitch": 30, "height": 50}),
        ("known", {"id": "object_1", "side": "weight", "length": 5}),
        ("known", {"id": "object_1", "side": "width", "length": 0}),
        ("stand", {"id": "object_1", "on": "object_9"}),
        ("__class__", {}),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(session, folder, what, given):
    found, _ = framed(session)
    before = (folder / "boxes.json").read_bytes()
    message = found.do(0, what, given)["message"]
    assert message and message not in ("saved", "taken back") and (folder / "boxes.json").read_bytes() == before


@pytest.mark.parametrize("number", [-1, 2, True, None, "0", 1.5])
def test_a_photograph_that_is_not_there_is_refused(session, number):
    with pytest.raises(ValueError, match="no photograph"):
        session().state(number)


def test_a_bad_photograph_costs_no_other(session, folder):
    (folder / "a.png").write_bytes(b"nothing")
    found = session()
    assert "problem" in found.state(0) and found.state(1)["objects"] == []
    assert found.do(0, "mark", {"x": 5, "y": 5})["problem"]


def test_an_entry_of_another_size_is_said(session, folder):
    framed(session)
    found = json.loads((folder / "boxes.json").read_text())
    found["photographs"][0] |= {"width": 641}
    (folder / "boxes.json").write_text(json.dumps(found))
    assert "641×480 pixels, the photograph has 640×480" in session().state(0)["problem"]


def test_a_disk_that_does_not_take_it_is_said_and_shown_as_it_was(session, folder, monkeypatch):
    found, _ = framed(session)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gsi_bench_space.annotating.session.save", full)
    state = found.do(0, "name", {"id": "object_1", "name": "box"})
    assert "No space left" in state["message"] and state["objects"][0]["name"] == ""


def test_rights_are_those_that_were_given(session, folder):
    framed(session, rights=Rights("cc-by-4.0", True, "me"))
    kept = entry(folder)
    assert (kept.licence, kept.redistributable, kept.attribution) == ("cc-by-4.0", True, "me")


def test_a_folder_without_photographs_is_refused(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    with pytest.raises(AnnotateError, match="no photographs"):
        Session(tmp_path / "empty", tmp_path / "boxes.json", Tools())
    assert main(["annotate", str(tmp_path / "nowhere")]) == 2
    assert "expected a folder of photographs" in capsys.readouterr().err


@pytest.mark.parametrize("orientation", [1, 6, 8, 3])
def test_boxes_mean_the_photograph_as_it_is_seen(session, folder, orientation):
    """Stored as the sensor lay, with a note of how it is meant to be seen."""
    quarters = {1: 0, 6: 1, 8: 3, 3: 2}[orientation]
    notes = Image.Exif()
    notes[0x0112] = orientation
    with Image.open(folder / "a.png") as seen:
        Image.fromarray(np.rot90(np.asarray(seen.convert("RGB")), quarters)).save(folder / "a.jpg", quality=95, exif=notes)
    (folder / "a.png").unlink()
    found, _ = framed(session)
    kept = entry(folder, found.files[0])
    assert (kept.file, kept.width, kept.height) == ("a.jpg", 640, 480)
    assert np.array(kept.objects[0].box[3:]) * 100 == pytest.approx(SIZES, abs=0.2)


def test_each_photograph_is_saved_beside_the_others(session, folder):
    found, _ = framed(session)
    assert found.do(1, "frame", {"x": 390, "y": 300, "x2": 520, "y2": 480})["marked"] == 2
    found.do(0, "name", {"id": "object_1", "name": "box"})
    assert [(p.file, len(p.objects)) for p in read_boxes(folder / "boxes.json").photographs] == [
        ("a.png", 1),
        ("more/b.jpg", 1),
    ]
