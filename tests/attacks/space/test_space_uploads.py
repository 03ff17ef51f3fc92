"""Hostile uploads, photos and run folders: refused by name, opened by nothing that could start a program."""

import io
import math
import os

import numpy as np
import pytest
from PIL import ExifTags, Image

pytest.importorskip("gradio")

from gsi_bench_dataset.cli.main import explained
from gsi_bench_metric.photos.focal import focal_from_exif
from gsi_bench_space import launch
from gsi_bench_space.drawing import cards
from gsi_bench_space.intake import values
from gsi_bench_space.intake.uploads import MAX_BYTES, UploadError, read_upload, read_uploaded
from gsi_bench_space.intake.values import ValueProblemError
from gsi_bench_space.launch import LaunchError, Settings, make_app, serve
from gsi_bench_space.own.edit import Wish
from gsi_bench_space.own.photo import read_photo
from gsi_bench_space.problem import OwnError
from gsi_bench_space.scoring import run_folders
from gsi_bench_space.scoring.run_folders import RunFolderError, found_runs, leaderboard_page, report_page
from gsi_bench_space.state import Words

RGB = np.random.default_rng(3).integers(0, 256, (48, 64, 3), dtype=np.uint8)
TAG = ExifTags.Base


def encoded(kind):
    stream = io.BytesIO()
    Image.fromarray(RGB).save(stream, kind)
    return stream.getvalue()


FOREIGN = {kind: encoded(kind) for kind in ("EPS", "PDF", "TIFF", "GIF", "ICO", "PPM", "TGA", "SGI")}
FOREIGN |= {"PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n", "SVG": b"<svg xmlns='x'/>", "empty": b""}


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("read", [read_upload, read_photo])
def test_other_formats_are_refused_and_their_readers_never_run(kind, read, monkeypatch):
    for name, (factory, accepts) in list(Image.OPEN.items()):
        if name not in ("PNG", "JPEG", "WEBP", "BMP"):
            monkeypatch.setitem(Image.OPEN, name, (lambda *_: pytest.fail("another reader was run"), accepts))
        assert factory
    with pytest.raises(UploadError) as caught:
        read(FOREIGN[kind])
    assert caught.value.name in ("format", "not_a_picture")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
def test_damaged_files_are_refused_by_name_wherever_cut(kind):
    data = encoded(kind)
    rng = np.random.default_rng(1)
    for _ in range(60):
        hurt = bytearray(data[: rng.integers(1, len(data) + 1)])
        for place in rng.integers(0, len(hurt), 6):
            hurt[place] = rng.integers(0, 256)
        for read in (read_upload, read_photo):
            try:
                read(bytes(hurt))
            except UploadError as error:
                assert "0x" not in str(error) and "\n" not in str(error)


@pytest.mark.parametrize("odd", [0, -1, 1e-308, 1e308, math.inf, math.nan, "x", (1, 2), b"\0", None, 10**400])
def test_odd_exif_numbers_mean_an_assumed_focal_length(odd):
    tags = {TAG.FocalLength: 4.2, TAG.FocalPlaneXResolution: odd, TAG.FocalPlaneYResolution: odd}
    for more in (
        {},
        {TAG.FocalPlaneResolutionUnit: odd},
        {TAG.ExifImageWidth: odd, TAG.ExifImageHeight: odd},
        {TAG.FocalLength: odd},
    ):
        assert focal_from_exif(tags | more, (400, 300)).source in ("none", "cropped")


def test_a_large_upload_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    with (tmp_path / "big.png").open("wb") as stream:
        stream.truncate(50 * MAX_BYTES)
    with pytest.raises(UploadError, match="too_heavy"):
        read_uploaded({"path": str(tmp_path / "big.png")})
    for value in ({"path": "/dev/ptmx"}, {"path": "/etc/hostname"}, {"path": 5}, None, "x", [], {"path": f"{tmp_path}/../x"}):
        with pytest.raises(UploadError, match=r"^not_uploaded$"):
            read_uploaded(value)


def test_an_upload_folder_behind_a_link_still_counts(tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.png").write_bytes(b"data")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "link"))
    for folder in ("link", "real"):
        assert read_uploaded({"path": str(tmp_path / folder / "a.png")}) == b"data"


@pytest.mark.parametrize("name", ["", "a\nb", "a\0", "\ud800", "x" * 101, 5, None, ["mug"], "\x1b[31m"])
def test_names_of_objects_are_short_plain_texts(name):
    with pytest.raises(OwnError) as caught:
        from gsi_bench_space.own.edit import instruction  # noqa: PLC0415

        instruction(Wish("remove", name=name))
    str(caught.value).encode()


@pytest.mark.parametrize("amount", ["15", None, [], True, math.nan, math.inf, 10**400, -5])
def test_amounts_are_whole_numbers_within_limits(amount):
    with pytest.raises(OwnError, match="own_amount"):
        Wish("move", "left", amount)


@pytest.mark.parametrize(
    "value",
    [10**5000, -(10**5000), float("nan"), {}, [1] * 10**6, "x" * 10**7, b"\0" * 10**6, object()],
    ids=[str(i) for i in range(8)],
)
def test_what_is_shown_of_a_refused_value_is_short(value):
    assert len(values.shown(value)) <= 60
    with pytest.raises(ValueProblemError):
        values.number(value, "n")


# --- what is started with


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1", "a" * 300, "a\0b", "-"])
def test_an_address_that_cannot_be_listened_on_is_one_line(host, monkeypatch):
    monkeypatch.setattr(launch, "make_app", lambda _: pytest.fail("the samples were read first"))
    with pytest.raises(LaunchError) as caught:
        serve(Settings(host=host, port=7999))
    assert "\n" not in explained(caught.value)


def test_a_dataset_without_samples_is_named(tmp_path):
    (tmp_path / "data").mkdir()
    with pytest.raises(Exception, match="no samples") as caught:
        make_app(Settings(data=tmp_path / "data"))
    assert explained(caught.value)


# --- runs


def test_linked_or_damaged_runs_do_not_affect_the_others(tmp_path):
    outside, runs = tmp_path / "outside", tmp_path / "runs"
    for folder in (outside, runs / "damaged", runs / "linked"):
        folder.mkdir(parents=True)
        (folder / "scores.jsonl").write_bytes(b"\xff\0{")
    (runs / "away").symlink_to(outside)
    (runs / "linked/report.html").symlink_to("/etc/hostname")
    assert found_runs(runs) == ["damaged"]
    with pytest.raises(RunFolderError, match="damaged: no settings") as caught:
        leaderboard_page(runs)
    assert str(tmp_path) not in str(caught.value)
    for name in ("away", "linked", "../outside", "/etc", "x" * 10_000, "\ud800"):
        with pytest.raises(RunFolderError, match="no run of that name"):
            report_page(runs, name)
    with pytest.raises(RunFolderError) as caught:
        report_page(runs, "damaged")
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("kind", ["pipe", "folder", "large", "latin"])
def test_a_report_that_is_no_page_is_named_without_waiting(tmp_path, kind, monkeypatch):
    monkeypatch.setattr(run_folders, "MOST_PAGE_BYTES", 1000)
    page = tmp_path / "report.html"
    made = {"pipe": os.mkfifo, "folder": os.mkdir, "large": lambda p: p.write_bytes(bytes(1001))}
    made.get(kind, lambda p: p.write_bytes(b"\xff\xfe"))(page)
    with pytest.raises(RunFolderError, match=r"^a run: cannot be read"):
        run_folders.page_of(page, "a run")


# --- what reaches the page


def test_hostile_names_of_a_dataset_reach_the_page_escaped():
    import dataclasses  # noqa: PLC0415

    from gsi_bench_space.shelf import Shelf  # noqa: PLC0415

    hostile = "<img src=x onerror=alert(1)>\"'"
    sample = next(iter(Shelf.read().samples.values()))
    sample = dataclasses.replace(sample, target=hostile, prompt=hostile, prompt_zh=hostile)
    page = str(cards.instruction_html(sample, Words(), "en"))
    assert "<img src=x" not in page and "onerror=alert(1)&gt;" in page
