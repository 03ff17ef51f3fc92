"""A report shows the images that were scored, or says that they are others now: in the page, in Markdown and in JSON."""

import base64
import dataclasses
import json
import os
import re

import numpy as np
import pytest
from edit_cases import make_case
from PIL import Image

from gsi_bench_dataset import EncodedImage
from gsi_bench_metric.imaging.images import load_rgb
from gsi_bench_metric.run.pipeline import evaluate
from gsi_bench_metric.report.write import write_report
from gsi_bench_metric.run.folder import load_run

__all__ = ["make_case"]

CHANGED = "this file has changed since it was scored; not shown"
SAMPLE_CHANGED = "this sample of the dataset has changed since it was scored; not shown"


@pytest.fixture
def scored(make_case, tmp_path):
    """A case of two edits, its run, and what a report of it says afterwards."""
    case = make_case(2)
    evaluate(case.request(), tmp_path / "run", progress=False)
    return case, lambda: reported(tmp_path)


def reported(folder):
    write_report(load_run(folder / "run"), folder / "report", progress=False)
    page, words, numbers = ((folder / "report" / f"report.{kind}").read_text() for kind in ("html", "md", "json"))
    return page, words, json.loads(numbers)["gallery"]


def images_of(page, folder):
    """The pixels of every image on the page."""
    found = []
    for number, text in enumerate(re.findall(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", page)):
        path = folder / f"{number}.jpg"
        path.write_bytes(base64.b64decode(text))
        found.append(load_rgb(path))
    return found


def red(path, kind="PNG"):
    Image.new("RGB", (64, 48), (255, 0, 0)).save(path, kind)


def is_red(rgb):
    return bool(np.abs(rgb.astype(int) - (255, 0, 0)).max() < 40)


def test_an_unchanged_run_is_shown_in_full(scored):
    page, _, gallery = scored[1]()
    assert gallery == {"problem": None, "not_shown": []}
    assert page.count("data:image/jpeg") == 6 and "changed since" not in page


def _other_image(path):
    red(path)


def _other_format(path):
    red(path, "JPEG")


def _same_size_and_time(path):
    status = path.stat()
    data = path.read_bytes()
    path.write_bytes(data + b"\0" * 4)
    os.truncate(path, len(data) + 4)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("change", [_other_image, _other_format, _same_size_and_time])
def test_a_changed_edit_is_named_and_not_shown(scored, tmp_path, change):
    case, report = scored
    change(case.picture(0))
    page, words, gallery = report()
    assert CHANGED in page and CHANGED in words
    assert [(row["sample_id"], row["image"], row["why"]) for row in gallery["not_shown"]] == [
        (case.samples[0].id, "Edited", CHANGED)
    ]
    assert not any(map(is_red, images_of(page, tmp_path)))


def _gone(path):
    path.unlink()


def _folder(path):
    path.unlink()
    path.mkdir()


def _pipe(path):
    path.unlink()
    os.mkfifo(path)


def _loop(path):
    path.unlink()
    path.symlink_to(path.name)


def _device(path):
    path.unlink()
    path.symlink_to("/dev/zero")


def _no_image(path):
    path.write_bytes(b"no image")


@pytest.mark.parametrize("change", [_gone, _folder, _pipe, _loop, _device, _no_image])
def test_an_edit_that_cannot_be_read_is_named(scored, change):
    case, report = scored
    change(case.picture(1))
    page, words, gallery = report()
    [row] = gallery["not_shown"]
    assert row["sample_id"] == case.samples[1].id and row["why"]
    assert "Edited: " in words and page.count("data:image/jpeg") == 4


def test_a_changed_source_is_not_shown(scored, tmp_path):
    case, report = scored
    red(tmp_path / "red.png")
    other = EncodedImage((tmp_path / "red.png").read_bytes(), "source.png")
    case.samples[0] = dataclasses.replace(case.samples[0], image=other)
    case.write_data()
    page, words, gallery = report()
    assert [row["image"] for row in gallery["not_shown"]] == ["Source"] and CHANGED in page and CHANGED in words
    assert not any(map(is_red, images_of(page, tmp_path)))


def test_changed_words_of_a_sample_are_not_shown(scored):
    case, report = scored
    case.samples[0] = dataclasses.replace(case.samples[0], prompt="Move the mug 77 centimeters to the left.")
    case.write_data()
    page, words, gallery = report()
    assert SAMPLE_CHANGED in page and SAMPLE_CHANGED in words and "77" not in page and "77" not in words
    assert [row["sample_id"] for row in gallery["not_shown"]] == [case.samples[0].id]


def test_a_sample_that_left_the_dataset_is_named(scored):
    case, report = scored
    del case.samples[0]
    case.write_data()
    page, words, gallery = report()
    assert "s0000_edit_0" in gallery["problem"] and "not in the data any more" in page and "not in the data any more" in words


def test_a_changed_truth_is_not_shown(make_case, tmp_path):
    case = make_case(4)
    evaluate(case.request(), tmp_path / "run", progress=False)
    case.samples[3] = dataclasses.replace(case.samples[3], edited_image=case.samples[0].image)
    case.write_data()
    _, _, gallery = reported(tmp_path)
    assert [(row["sample_id"], row["image"]) for row in gallery["not_shown"]] == [(case.samples[3].id, "Ground truth")]


def test_without_records_it_says_that_nothing_is_known(scored, tmp_path):
    case, report = scored
    for path in (tmp_path / "run" / "records").iterdir():
        path.unlink()
    red(case.picture(0))
    page, words, _ = report()
    assert "whether these are the images that were scored is not known" in page
    assert "whether these are the images that were scored is not known" in words
