"""A detector's boxes of a folder, as boxes.json, built into the fine split: what is written, left out, counted, kept."""

import dataclasses
import json

import numpy as np
import pytest
from photo_shapes import build_here, write_folder
from PIL import Image

from gsi_bench_builders.frames import evaluation_box, up_in_camera
from gsi_bench_dataset.layout.boxes import read_boxes, write_boxes
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.marking.photographs import Asked, Found, MarkingError, UnusableError, mark_photographs

NOUNS = ("table", "mug", "laptop", "chair", "box", "cabinet")


@pytest.fixture
def photos(shoot, tmp_path):
    """Photographs without boxes."""
    folder = write_folder(tmp_path / "p", [shoot], depth=False)
    (folder / "boxes.json").unlink()
    return folder


@dataclasses.dataclass
class Sees:
    """A detector that sees the truth, its axes named otherwise and a little off; counts what it is asked."""

    shoot: object
    tilt_deg: float = 3.0
    score: float = 0.9
    asked: int = 0

    def __call__(self, rgb, nouns, K):
        self.asked += 1
        number = int(np.argmin([np.abs(view[1].astype(int) - rgb).mean() for view in self.shoot.views]))
        camera = self.shoot.views[number][0]
        found = []
        for n, thing in enumerate(self.shoot.scene.things):
            if thing.info.category not in nouns:
                continue
            box, rotation = evaluation_box(thing, camera)
            pixels = camera.project(thing.corners())
            rectangle = np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])
            angle = np.radians(self.tilt_deg) * (-1) ** n
            tilt = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
            found.append(Found(thing.info.category, self.score, rectangle, np.array(box[:6]), tilt @ np.array(rotation)))
        return found, np.array(camera.intrinsics)


def test_what_a_detector_finds_is_built_and_the_card_says_so(photos, shoot, tmp_path, capsys):
    done = mark_photographs(photos, photos / "boxes.json", Sees(shoot), Asked(NOUNS, rights={"licence": "cc0-1.0"}))
    assert (done.photographs, done.there, done.objects) == (3, 0, 21) and dict(done.left_out) == {}
    entry = read_boxes(photos / "boxes.json").photographs[0]
    assert {(o.source, o.score) for o in entry.objects} == {("detector", 0.9)} and entry.licence == "cc0-1.0"
    assert {o.id for o in entry.objects} == {"table_1", "mug_1", "laptop_1", "chair_1", "box_1", "box_2", "cabinet_1"}
    up = np.array(up_in_camera(shoot.views[0][0]))
    assert np.degrees(np.arccos(np.array(entry.up) @ up)) < 2
    downs = [np.degrees(np.arccos(-np.array(o.rotation)[:, 1] @ entry.up)) for o in entry.objects]
    assert max(downs) < 1e-3  # levelled: what stands is upright
    out = tmp_path / "out"
    few = ["--preset", "small", "--edits-per-scene", "6", "--photo-side", "640", "--workers", "1", "--quiet"]
    assert build_here(str(photos), "--out", str(out), *few) == 0
    assert "boxes of 3 photographs are a detector's" in capsys.readouterr().err
    assert "a detector's in 3 photographs, to be reviewed" in (out / "README.md").read_text()
    samples = list(read_dataset(out, "fine"))
    assert len(samples) >= 6 and {"move", "remove"} <= {s.operation.kind for s in samples}


def test_boxes_by_hand_are_said_of_nobody(shoot, tmp_path, capsys):
    folder = write_folder(tmp_path / "p", [shoot])
    few = ["--preset", "small", "--edits-per-scene", "2", "--photo-side", "640", "--workers", "1", "--quiet"]
    assert build_here(str(folder), "--out", str(tmp_path / "out"), *few) == 0
    assert "detector" not in capsys.readouterr().err + (tmp_path / "out" / "README.md").read_text()


def test_unsure_doubled_and_broken_boxes_are_left_out_and_counted(photos, shoot):
    def find(rgb, nouns, K):
        found, K = Sees(shoot)(rgb, nouns, K)
        odd = [
            dataclasses.replace(found[0], score=0.3),
            dataclasses.replace(found[1], noun="cup", score=0.7),
            dataclasses.replace(found[2], box=np.array([0, 0, -1, 1, 1, 1.0]), rectangle=np.array([0, 0, 1, 1.0])),
            dataclasses.replace(found[3], box=np.full(6, np.nan)),
            dataclasses.replace(found[4], box=np.array([0, 0, 2, 0, 1, 1.0])),
            dataclasses.replace(found[5], score=np.nan),
        ]
        return found + odd, K

    done = mark_photographs(photos, photos / "boxes.json", find, Asked(NOUNS))
    assert done.objects == 21
    assert {why.partition(":")[0]: n for why, n in done.left_out.items()} == {
        "below the least score": 3,
        "found twice": 3,
        "behind the camera": 3,
        "no box": 9,
    }


def test_entries_that_are_there_stay(photos, shoot):
    """A person's, or those of a run that was stopped."""
    out, sees = photos / "boxes.json", Sees(shoot)
    mark_photographs(photos, out, sees, Asked(NOUNS))
    entries = list(read_boxes(out).photographs)
    mine = dataclasses.replace(entries[1].objects[0], name="desk", source="hand", score=None)
    write_boxes(out, dataclasses.replace(read_boxes(out), photographs=(dataclasses.replace(entries[1], objects=(mine,)),)))
    again = mark_photographs(photos, out, sees, Asked(NOUNS))
    assert sees.asked == 5 and (again.photographs, again.there) == (3, 1)
    assert [o.name for o in read_boxes(out).photographs[1].objects] == ["desk"]


def test_a_stopped_run_keeps_what_it_found(photos, shoot):
    sees = Sees(shoot)

    def stops(rgb, nouns, K):
        if sees.asked == 2:
            raise KeyboardInterrupt
        return sees(rgb, nouns, K)

    with pytest.raises(KeyboardInterrupt):
        mark_photographs(photos, photos / "boxes.json", stops, Asked(NOUNS))
    assert len(read_boxes(photos / "boxes.json").photographs) == 2


def test_one_bad_photograph_costs_no_other(photos, shoot):
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff not much")
    Image.new("RGB", (640, 8)).save(photos / "thin.png")
    Image.new("RGB", (64, 48)).save(photos / "empty.png")
    Image.open(photos / "place0_view0.jpg").save(photos / "place0_view0.png")

    def find(rgb, nouns, K):
        if rgb.shape[0] == 8:
            raise UnusableError("the image is too thin for the detector")
        return ([], np.eye(3)) if rgb.shape[0] == 48 else Sees(shoot)(rgb, nouns, K)

    done = mark_photographs(photos, photos / "boxes.json", find, Asked(NOUNS))
    assert done.photographs == 3
    assert dict(done.nothing) == {
        "the image cannot be read": ["broken.jpg"],
        "nothing was found": ["empty.png"],
        "another photograph has its name with another ending; rename one": ["place0_view0.png"],
        "the image is too thin for the detector": ["thin.png"],
    }


def test_gravity_that_nothing_tells_leaves_a_photograph_out(photos, shoot):
    def askew(rgb, nouns, K):
        found, K = Sees(shoot, tilt_deg=40)(rgb, nouns, K)
        return found[:2], K

    with pytest.raises(MarkingError, match="which way is up is not seen"):
        mark_photographs(photos, photos / "boxes.json", askew, Asked(NOUNS))
    assert not (photos / "boxes.json").exists()


@pytest.mark.parametrize(
    ("focal", "camera", "who"),
    [
        (None, None, "the detector's guess"),
        (30, None, "the file's focal length"),
        (30, [[500, 0, 320], [0, 500, 240], [0, 0, 1]], "--camera"),
    ],
)
def test_the_camera_is_said_to_be_whose_it_is(photos, shoot, focal, camera, who):
    if focal is not None:
        for file in photos.glob("*.jpg"):
            notes = Image.Exif()
            notes.get_ifd(0x8769)[0xA405] = focal
            Image.open(file).save(file, quality=95, exif=notes)
    given = []

    def find(rgb, nouns, K):
        given.append(K)
        found, guess = Sees(shoot)(rgb, nouns, K)
        return found, guess if K is None else K

    done = mark_photographs(photos, photos / "boxes.json", find, Asked(NOUNS, camera=camera))
    assert dict(done.cameras) == {who: 3}
    k = read_boxes(photos / "boxes.json").photographs[0].intrinsics
    assert (given[0] is None) == (focal is None) and (camera is None or k[0][0] == 500)


@pytest.mark.parametrize(
    ("field", "value"), [("source", "magic"), ("source", 3), ("score", 1.5), ("score", True), ("score", "high")]
)
def test_odd_sources_and_scores_are_refused(photos, shoot, field, value, capsys):
    out = photos / "boxes.json"
    mark_photographs(photos, out, Sees(shoot), Asked(NOUNS))
    content = json.loads(out.read_text())
    content["photographs"][0]["objects"][0][field] = value
    out.write_text(json.dumps(content))
    assert build_here(str(photos), "--out", str(photos.parent / "out")) == 2
    assert f"'table_1'.{field}" in capsys.readouterr().err
