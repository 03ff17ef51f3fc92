"""Objectron built into the fine split: a sensor on its side, a world with y up, boxes proved by the annotation's own points."""

import dataclasses

import numpy as np
import pytest
from corpus_shapes import entry, write_objectron
from photo_shapes import Shoot, build_here, truth_of

from gsi_bench_builders.photos.files.protobuf import Message, MessageError
from gsi_bench_dataset.hub.rights import restricted
from gsi_bench_dataset.storage.shards import read_dataset

FEW = ["--preset", "small", "--edits-per-scene", "4", "--photo-frames", "3", "--photo-side", "640", "--workers", "1", "--quiet"]
THINGS = ("chair_1", "box_1", "box_2")


def built(root, out, *options):
    status = build_here(str(root), "--out", str(out), *FEW, *options)
    return status, list(read_dataset(out, "fine")) if status == 0 else []


def check(samples, shoot, gap=4):
    assert samples
    names = {f"{shoot.scene.thing(i).info.category}_{n}": i for n, i in enumerate(THINGS)}
    for sample in samples:
        view = int(sample.img_id[-6:]) // gap
        objects = tuple(dataclasses.replace(o, id=names[o.id]) for o in sample.objects)
        truth_of(shoot, view).assert_same(dataclasses.replace(sample, objects=objects), metres=0.01, degrees=1.0)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"quarters": 1},
        {"quarters": 0},
        {"quarters": 2},
        {"video": False},
        {"published": True},
        {"published": True, "quarters": 1},
    ],
)
def test_boxes_and_gravity_are_the_truth(shoot, tmp_path, how):
    status, samples = built(write_objectron(tmp_path / "o", shoot, things=THINGS, **how), tmp_path / "out")
    assert status == 0 and len({int(s.img_id[-6:]) // 4 for s in samples}) == 3
    check(samples, shoot)
    assert {s.scene_id for s in samples} == {"chair_batch-1_7"} and all(s.depth is None for s in samples)


def test_it_may_be_published_under_its_licence(shoot, tmp_path):
    status, samples = built(write_objectron(tmp_path / "o", shoot, things=THINGS, video=False), tmp_path / "out")
    assert status == 0 and restricted(tmp_path / "out") == []
    assert {(s.image_licence, s.redistributable) for s in samples} == {("C-UDA-1.0", True)}


def _annotation(root):
    return root / "chair_batch-1_7" / "annotation.pbdata"


def _bytes(root, old, new):
    data = _annotation(root).read_bytes()
    assert old in data
    _annotation(root).write_bytes(data.replace(old, new))


def _object(root, field, change):
    """Numbers of the first object."""
    data = _annotation(root).read_bytes()
    numbers = Message(data).messages(1)[0].floats(field)
    _annotation(root).write_bytes(data.replace(entry(field, numbers), entry(field, change(numbers)), 1))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda r: _annotation(r).write_bytes(b"\xff" * 40), "annotation_unreadable"),
        (lambda r: _annotation(r).write_bytes(_annotation(r).read_bytes()[:-30]), "annotation_unreadable"),
        (lambda r: _annotation(r).write_bytes(entry(1, entry(1, 3))), "annotation_unreadable"),
        (lambda r: _annotation(r).write_bytes(entry(2, entry(1, 3))), "no_frame"),
        (lambda r: _object(r, 4, lambda turn: turn * np.nan), "annotation_unreadable"),
        (lambda r: _object(r, 4, lambda turn: turn * 2), "object 0: expected a rotation and a place"),
        (lambda r: _object(r, 4, lambda turn: turn * np.tile((-1, 1, 1), 3)), "annotation_unreadable"),
        (lambda r: _object(r, 5, lambda place: place * np.inf), "annotation_unreadable"),
        (lambda r: _bytes(r, entry(1, 2) + entry(2, "box"), entry(1, 1) + entry(2, "box")), "several objects are called box_1"),
        (lambda r: next((r / "chair_batch-1_7").glob("*.MOV")).write_bytes(b"no video"), "photo_unreadable"),
    ],
)
def test_what_a_clip_lacks_is_named(shoot, tmp_path, capsys, spoil, said):
    root = write_objectron(tmp_path / "o", shoot, things=THINGS)
    spoil(root)
    assert built(root, tmp_path / "out")[0] == 2
    words = capsys.readouterr().err
    assert said in words and "Traceback" not in words


def test_poses_that_do_not_fit_the_annotation_are_refused(shoot, tmp_path, capsys):
    """As with a matrix column by column: boxes would lie elsewhere in the image than they are marked."""
    other = Shoot(shoot.scene, tuple((shoot.views[(v + 1) % 3][0], *view[1:]) for v, view in enumerate(shoot.views)))
    root, wrong = write_objectron(tmp_path / "o", shoot, things=THINGS, video=False), tmp_path / "w"
    write_objectron(wrong, other, things=THINGS, video=False)
    good, bad = (Message(_annotation(r).read_bytes()) for r in (root, wrong))
    mixed = b"".join(entry(1, v) for v in good._of(1, 2))
    for mine, theirs in zip(good._of(2, 2), bad._of(2, 2), strict=True):
        marks = b"".join(entry(2, v) for v in Message(mine)._of(2, 2))
        mixed += entry(2, entry(1, Message(mine).whole(1)) + marks + entry(3, Message(theirs)._of(3, 2)[0]))
    _annotation(root).write_bytes(mixed)
    assert built(root, tmp_path / "out")[0] == 2
    assert "no_frame: chair_batch-1_7: 0 usable photographs" in capsys.readouterr().err


@pytest.mark.parametrize("data", [b"\x80", b"\x0a\x05ab", b"\x00\x01", b"\x0b", b"\x08" + b"\xff" * 11])
def test_bytes_that_are_no_message_are_named(data):
    with pytest.raises(MessageError):
        Message(data)


def test_fields_of_a_message_are_read():
    message = Message(entry(1, 300) + entry(2, "mug") + entry(4, np.arange(9)) + entry(3, entry(1, 7)))
    assert (message.whole(1), message.text(2), message.messages(3)[0].whole(1)) == (300, "mug", 7)
    assert message.matrix(4, 3, 3).tolist() == np.arange(9.0).reshape(3, 3).tolist()
    with pytest.raises(MessageError, match="expected 4 numbers, found 9"):
        message.matrix(4, 2, 2)
