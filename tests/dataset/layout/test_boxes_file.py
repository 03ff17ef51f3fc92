"""`boxes.json`: read, written, and refused with all that is wrong with it."""

import dataclasses
import json
import math

import numpy as np
import pytest

from gsi_bench_dataset.layout.boxes import (
    BoxesFile,
    BoxesFileError,
    MarkedObject,
    MarkedPhoto,
    entry_problems,
    parse_boxes,
    read_boxes,
    write_boxes,
)

PITCH = math.radians(25)
UP = (0.0, -math.cos(PITCH), -math.sin(PITCH))


def turned(yaw_deg):
    """An upright object, seen by a camera that looks down by 25 degrees."""
    a = math.radians(yaw_deg)
    level = np.array([[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]])
    tilt = np.array([[1, 0, 0], [0, math.cos(PITCH), -math.sin(PITCH)], [0, math.sin(PITCH), math.cos(PITCH)]])
    return tuple(map(tuple, (tilt @ level).tolist()))


def photo(**more):
    mug = MarkedObject(
        "mug_1", "mug", (0.1, 0.2, 1.5, 0.1, 0.12, 0.1), turned(20), "马克杯", "none", "red", "红色", "free", "table_1"
    )
    table = MarkedObject("table_1", "table", (0.0, 0.5, 1.6, 1.2, 0.7, 0.8), turned(0))
    fields = {
        "file": "a.jpg",
        "scene": "kitchen",
        "depth": "a_depth.png",
        "licence": "cc-by-4.0",
        "redistributable": True,
        "attribution": "me",
    }
    surface = ((0.0, 0.0, 1.0), (1.0, 0.0, 1.0), (1.0, math.tan(PITCH) * -1.0, 2.0))
    fields |= {"surfaces": (surface,)}
    k = ((500.0, 0.0, 320.0), (0.0, 500.0, 240.0), (0.0, 0.0, 1.0))
    return MarkedPhoto(width=640, height=480, intrinsics=k, up=UP, objects=(mug, table), **fields | more)


def as_json(*photos):
    boxes = BoxesFile(photos or (photo(),))
    return json.loads(json.dumps({"format": "gsi-bench-boxes", "version": 1, **dataclasses.asdict(boxes)}))


def test_what_is_written_is_read_again(tmp_path):
    boxes = BoxesFile((photo(), photo(file="b.jpg", surfaces=(), redistributable=None, depth_unit_m=0.00025)))
    write_boxes(tmp_path / "boxes.json", boxes)
    assert read_boxes(tmp_path / "boxes.json") == boxes


def test_rights_of_the_file_are_those_of_its_photographs():
    found = as_json(photo(licence=None, redistributable=None), photo(file="b.jpg"))
    found |= {"licence": "cc0-1.0", "redistributable": False}
    for row in found["photographs"][:1]:
        del row["licence"], row["redistributable"]
    first, second = parse_boxes(found, "x").photographs
    assert (first.licence, first.redistributable) == ("cc0-1.0", False)
    assert (second.licence, second.redistributable) == ("cc-by-4.0", True)


def _objects(row):
    return row["photographs"][0]["objects"]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda r: r.update(version=2), "version 1, found 'gsi-bench-boxes' version 2"),
        (lambda r: r.update(photographs=[]), "photographs: expected one at least"),
        (lambda r: r["photographs"][0].update(uppp=1), "no field 'uppp'"),
        (lambda r: r["photographs"][0].update(file="../a.jpg"), "expected a path below the folder"),
        (lambda r: r["photographs"][0].update(width=640.5), "width: expected whole pixels above 0, found 640.5"),
        (lambda r: r["photographs"][0].update(up=[0, -2, 0]), "up: expected length 1, found 2"),
        (lambda r: r["photographs"][0]["intrinsics"][0].__setitem__(0, -5), "fx is -5"),
        (lambda r: r["photographs"][0]["intrinsics"][0].__setitem__(2, 900), "principal point (900, 240) outside of 640×480"),
        (lambda r: r["photographs"][0].update(depth_unit_m=0), "depth_unit_m: expected metres above 0"),
        (lambda r: r["photographs"][0]["surfaces"][0].pop(), "expected three corners"),
        (lambda r: r["photographs"][0]["surfaces"][0][0].__setitem__(1, 0.4), "expected a level surface"),
        (lambda r: r["photographs"][0].update(redistributable="yes"), "redistributable: expected true or false"),
        (lambda r: r["photographs"].append(r["photographs"][0]), "a: 2 photographs of this name"),
        (lambda r: _objects(r)[0].update(id="table_1"), "object id 'table_1' stands 2 times"),
        (lambda r: _objects(r)[0].update(on="shelf"), "stands on 'shelf', which is no other object"),
        (lambda r: _objects(r)[1].update(on="mug_1"), "'mug_1', 'table_1' stand on each other in a circle"),
        (lambda r: _objects(r)[0].update(name=""), "name: expected a text"),
        (lambda r: _objects(r)[0].update(symmetry="round"), "symmetry: expected one of none, 2-fold"),
        (lambda r: _objects(r)[0].update(movable=True), "movable: expected one of free, hung, built"),
        (lambda r: _objects(r)[0]["box"].__setitem__(4, 0), "expected sizes w, h, l above 0"),
        (lambda r: _objects(r)[0].update(box=[1, 2, 3]), "box: expected 6 numbers"),
        (lambda r: _objects(r)[0].update(rotation=[[1, 0, 0], [0, 1, 0], [0, 0, -1]]), "no mirror image"),
    ],
)
def test_each_problem_is_named(spoil, said):
    row = as_json()
    spoil(row)
    with pytest.raises(BoxesFileError) as error:
        parse_boxes(row, "boxes.json")
    assert said in str(error.value)


def test_axes_as_rows_are_named_as_such():
    row = as_json()
    for found in _objects(row):
        found["rotation"] = np.array(found["rotation"]).T.tolist()
    with pytest.raises(BoxesFileError, match="its rows are the object's axes where its columns were meant") as error:
        parse_boxes(row, "boxes.json")
    assert len(error.value.problems) == 2


def test_all_problems_of_a_file_come_in_one_message():
    row = as_json()
    row["photographs"][0].update(up=[0, 0, 0], width=-1)
    _objects(row)[1]["box"][3] = -1
    with pytest.raises(BoxesFileError) as error:
        parse_boxes(row, "boxes.json")
    assert len(error.value.problems) == 3


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, None),
        ({"licence": ""}, "licence: expected a text of one line"),
        ({"attribution": "a\nb"}, "attribution: expected a text of one line"),
        ({"surfaces": (((0.0, 0.0, 2e6), (1.0, 0.0, 1.0), (1.0, 1.0, 2.0)),)}, "expected three corners"),
    ],
)
def test_an_entry_is_refused_before_it_is_written(changed, said):
    problems = entry_problems(dataclasses.replace(photo(), **changed))
    assert len(problems) == (said is not None) and all(said in problem for problem in problems)


@pytest.mark.parametrize(
    "odd", [None, [], 3, "x", {"photographs": 5}, {"photographs": [None]}, {"photographs": [{"objects": 1}]}]
)
def test_odd_json_is_refused_without_a_traceback(odd):
    with pytest.raises(BoxesFileError):
        parse_boxes(odd, "boxes.json")
