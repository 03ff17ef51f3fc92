"""The page of a split to review: what it holds, and that what comes from outside stays text."""

import base64
import hashlib
import io
import json
import re

import numpy as np
import pytest
from PIL import Image
from review_cases import IDS, depth_of

from gsi_bench_dataset import EncodedImage
from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.layout.pixel_frame import box_corners, project
from gsi_bench_metric.review.decisions import fingerprint
from gsi_bench_metric.review.page import write_page
from gsi_bench_metric.review.pictures import depth_picture, outlines


def data_of(html, id_):
    return json.loads(re.search(rf'<script type="application/json" id="{id_}">(.*?)</script>', html, re.DOTALL)[1])


def decoded(url):
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.fixture
def page(review):
    def write(samples=None, **more):
        path = review.folder / "review" / "fine.html"
        write_page("fine", samples or review.samples.values(), path, **more)
        return path.read_text(encoding="utf-8")

    return write


def test_the_command_writes_one_page_a_split(review, capsys):
    assert main(["review", str(review.data), "--out", str(review.folder / "review")]) == 0
    assert [p.name for p in (review.folder / "review").iterdir()] == ["fine.html"]
    assert "6 samples" in capsys.readouterr().out


def test_the_page_asks_nothing_of_a_network(page):
    html = page()
    assert not re.search(r"https?://|\bsrc=\"(?!data:)|<link|@import|url\(", html.replace("http-equiv", ""))
    script = html.rpartition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html and "default-src 'none'" in html


def test_every_sample_is_there_with_images_once(page, review):
    html = page()
    items = data_of(html, "review-items")
    assert [(i["id"], i["seen"]) for i in items] == [(id_, fingerprint(s)) for id_, s in review.samples.items()]
    assert [i["kind"] for i in items] == ["move", "rotate", "remove"] * 2
    assert {i["image"] for i in items} == {0, 2} and html.count('id="image-') == 3
    assert [i["depth"] and i["depth"]["image"] for i in items] == [1, 1, 1, None, None, None]


def test_hostile_words_stay_text(page, review):
    evil = '</script><script>alert(1)</script><img src=x onerror="alert(2)">&'
    rows = [s.to_row() | {"prompt": evil, "target": evil, "goal_suspect": evil} for s in review.samples.values()]
    html = page([type(next(iter(review.samples.values()))).from_row(r) for r in rows])
    assert "alert" in html and "<script>alert" not in html and "<img src=x" not in html
    assert data_of(html, "review-items")[0]["prompt"] == evil


def test_boxes_are_where_they_project(review):
    sample = review.samples[IDS[0]]
    seen = outlines(sample, (320, 240))
    for path, box in ((seen.original, sample.original_bbox_3d), (seen.goal, sample.new_bbox_3d)):
        drawn = np.array(re.findall(r"(-?[\d.]+) (-?[\d.]+)", path), dtype=float)
        for corner in project(box_corners(box, sample.rotation_matrix), sample.camera_intrinsics):
            assert np.abs(drawn - corner).sum(axis=1).min() < 0.2
    assert seen.step.count("L") == 1 and seen.missing is None
    assert outlines(review.samples[IDS[2]], (320, 240)).goal is None


def test_a_line_in_a_box_points_to_its_front(review):
    sample = review.samples[IDS[1]]
    seen = outlines(sample, (320, 240))
    x, y, z, _, h, depth, _ = sample.original_bbox_3d
    # An object's third axis points away from its front; the goal is that turned clockwise, so that it faces left.
    for path, front in ((seen.original, (x, y + h / 2, z - depth / 2)), (seen.goal, (x - depth / 2, y + h / 2, z))):
        ends = np.array(re.findall(r"(-?[\d.]+) (-?[\d.]+)", path), dtype=float)[-2:]
        assert ends == pytest.approx(project([(x, y + h / 2, z), front], sample.camera_intrinsics), abs=0.06)


def test_a_box_that_cannot_be_drawn_says_why(review):
    sample = review.samples[IDS[0]]
    unknown = type(sample).from_row(sample.to_row() | {"pixel_frame": "unknown"})
    assert "pixel_frame" in outlines(unknown, (320, 240)).missing
    behind = type(sample).from_row(sample.to_row() | {"new_bbox_3d": (0.2, 0.1, 0.0, 0.12, 0.1, 0.09, 0.0)})
    found = outlines(behind, (320, 240))
    assert (found.goal, found.step) == (None, None) and "goal lies partly behind" in found.missing


def test_depth_runs_from_red_to_blue_and_unknown_is_grey():
    found = depth_picture(depth_of((160, 120)), (320, 240), 256)
    picture = decoded(found.url)
    assert picture.shape == (192, 256, 3)
    near, far = picture[4].mean(axis=0), picture[-4].mean(axis=0)
    assert near[0] > near[2] + 50 and far[2] > far[0]
    assert 0.7 <= found.near_m < 0.9 and 3.8 < found.far_m <= 4.0
    stream = io.BytesIO()
    half = np.full((120, 160), 900, np.uint16)
    half[:, :80] = 0
    Image.fromarray(half).save(stream, "PNG")
    unknown = decoded(depth_picture(EncodedImage(stream.getvalue(), "d.png"), (320, 240), 320).url)[:, :140]
    assert np.abs(unknown - 90).max() < 12
    empty = io.BytesIO()
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(empty, "PNG")
    assert depth_picture(EncodedImage(empty.getvalue(), "d.png"), (320, 240), 320) is None


def test_images_are_as_small_as_asked(page):
    html = page(longest=256)
    assert decoded(data_of(html, "image-0")).shape == (192, 256, 3)
    assert data_of(html, "review-items")[0]["size"] == [320, 240]
