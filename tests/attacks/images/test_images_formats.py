"""Images of every format under an image's name: only those of the list are read, no program starts, the found one is named."""

import io
import os
import re
import struct
import subprocess
import zlib
from pathlib import Path

import datasets
import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

from gsi_bench_dataset.layout.official import OfficialDataset, OfficialError
from gsi_bench_dataset.records import EncodedImage, Prediction
from gsi_bench_dataset.safety.images import DAMAGED, FORMATS, open_image, require_format
from gsi_bench_dataset.storage.prediction_table import PredictionError, encode
from gsi_bench_dataset.storage.predictions import PredictionSet
from gsi_bench_metric.editors.base import EditError, as_picture
from gsi_bench_metric.hf.evaluate_rows import normalised, prediction_row, reference_row
from gsi_bench_metric.imaging import images
from gsi_bench_metric.imaging.images import ImageError, header_size, load_numbers, load_rgb
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.run.planning import make_plan

SOURCES = Path(__file__).parents[3]
PICTURE = Image.fromarray(np.random.default_rng(3).integers(0, 256, (12, 16, 3), dtype=np.uint8))
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 16 12\n%%EndComments\n(/tmp/owned) (w) file closefile\n{} loop\n"


def saved(kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    PICTURE.save(stream, kind, **options)
    return stream.getvalue()


def wmf() -> bytes:
    return (
        b"\xd7\xcd\xc6\x9a\0\0"
        + struct.pack("<4h", 0, 0, 16, 12)
        + struct.pack("<H", 72)
        + b"\0" * 6
        + b"\x01\0\t\0"
        + b"\0" * 40
    )


def fits() -> bytes:
    cards = ["SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    2"]
    cards += ["NAXIS1  =                   16", "NAXIS2  =                   12", "END"]
    return "".join(card.ljust(80) for card in cards).ljust(2880).encode() + bytes(2880)


# What is under the image's name, and the word that says so.
OTHERS = {
    "PostScript": (POSTSCRIPT, "PostScript"),
    "PostScript after a control character": (b"\x04" + POSTSCRIPT, "PostScript"),
    "EPS with a preview": (
        b"\xc5\xd0\xd3\xc6" + struct.pack("<6I", 32, len(POSTSCRIPT), 0, 0, 0, 0) + b"\0" * 4 + POSTSCRIPT,
        "EPS",
    ),
    "EPS of PIL": (saved("EPS"), "PostScript"),
    "PDF": (saved("PDF"), "PDF"),
    "WMF": (wmf(), "WMF"),
    "EMF": (b"\x01\0\0\0" + bytes(36) + b" EMF" + bytes(60), "EMF"),
    "FITS": (fits(), "FITS"),
    "ICO": (saved("ICO"), "ICO"),
    "PSD": (b"8BPS\0\x01" + bytes(6) + struct.pack(">HIIHH", 3, 12, 16, 8, 3) + bytes(14), "PSD"),
    "TGA": (saved("TGA"), "found"),
    "PPM": (saved("PPM"), "PPM"),
    "PCX": (saved("PCX"), "found"),
    "SGI": (saved("SGI"), "SGI"),
    "DDS": (saved("DDS"), "DDS"),
    "JPEG 2000": (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40), "JPEG 2000"),
    "ICNS": (saved("ICNS"), "ICNS"),
    "SVG": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    "a web page": (b"<!DOCTYPE html><html>403</html>", "a web page"),
    "a zip file": (b"PK\x03\x04" + bytes(40), "a zip file"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
    "text": (b"rate limit exceeded\n", "text"),
    "zeros": (bytes(400), "zeros"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(40), "HDF5"),
    "OLE": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "OLE"),
}
READ = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", *(("AVIF",) if "AVIF" in FORMATS else ()))


@pytest.fixture(autouse=True)
def no_program(monkeypatch):
    """Any program that starts fails the test, also where the error would be caught."""
    started = []

    def refuse(*args, **_):
        started.append(args)
        raise OSError("a program was started")

    for owner, name in [(subprocess, "Popen"), (subprocess, "check_call"), (subprocess, "run"), (subprocess, "call")]:
        monkeypatch.setattr(owner, name, refuse)
    for name in ("system", "popen", "posix_spawn", "execv", "execve", "fork"):
        monkeypatch.setattr(os, name, refuse)
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", refuse)
    yield
    assert started == []


def test_no_image_is_opened_beside_the_one_opening():
    """Every image goes through `open_image`, and no other library decodes one."""
    ways = re.compile(r"\bImage\.open\(|\bImageFile\.Parser\(|\bimread\(|\bimdecode\(|\bdecode_image\(|\bread_image\(")
    packages = ["gsi_bench_dataset", "gsi_bench_metric", "builders/gsi_bench_builders"]
    files = [path for package in packages for path in (SOURCES / package).rglob("*.py")]
    found = [path.relative_to(SOURCES).as_posix() for path in files if ways.search(path.read_text(encoding="utf-8"))]
    assert len(files) > 100 and found == ["gsi_bench_dataset/safety/images.py"]


@pytest.mark.parametrize("kind", OTHERS)
def test_another_format_is_refused_by_its_name_everywhere(kind, tmp_path):
    data, word = OTHERS[kind]
    path = tmp_path / "a_edit_0.png"
    path.write_bytes(data)
    for read in (header_size, load_rgb, load_numbers):
        for source in (data, EncodedImage(data, "a.png"), path, str(path)):
            with pytest.raises(ImageError, match=r"expected PNG, JPEG.* found .*") as caught:
                read(source)
            assert word in str(caught.value)
    for picture in (Picture(path), Picture(EncodedImage(data))):
        with pytest.raises(ImageError, match=re.escape(word)):
            picture.rgb()
    for value in (data, bytearray(data)):
        with pytest.raises(EditError, match=re.escape(word)):
            as_picture(value, "the endpoint's answer")


@pytest.mark.parametrize("kind", READ)
def test_the_formats_of_the_list_are_read(kind, tmp_path):
    data = saved(kind)
    (tmp_path / "x.png").write_bytes(data)
    assert load_rgb(data).shape == load_rgb(tmp_path / "x.png").shape == (12, 16, 3)
    assert as_picture(data, "editor").size == (16, 12)
    with open_image(data) as image:
        require_format(image)


def test_a_camera_s_two_images_in_one_file_are_read():
    stream = io.BytesIO()
    PICTURE.save(stream, "MPO", save_all=True, append_images=[PICTURE.rotate(180)])
    assert load_rgb(stream.getvalue()).shape == (12, 16, 3)


@pytest.mark.parametrize("kind", ["PostScript", "PDF", "WMF", "FITS", "PSD"])
def test_a_plan_names_what_stands_under_the_image_s_name(kind, tmp_path, make_sample, make_image):
    (tmp_path / "a.png").write_bytes(OTHERS[kind][0])
    (tmp_path / "b.png").write_bytes(make_image())
    predictions = {f"{i}_edit_0": Prediction(f"{i}_edit_0", "editor", path=str(tmp_path / f"{i}.png")) for i in "ab"}
    for on_missing in ("zero", "error"):
        if on_missing == "error":
            with pytest.raises(ValueError, match=OTHERS[kind][1]):
                make_plan([make_sample("a"), make_sample("b")], PredictionSet("editor", predictions), on_missing="error")
            continue
        plan = make_plan([make_sample("a"), make_sample("b")], PredictionSet("editor", predictions))
        assert plan.ids == ("b_edit_0",)
        assert plan.problems["a_edit_0"].name == "unreadable" and OTHERS[kind][1] in plan.problems["a_edit_0"].text


@pytest.mark.parametrize("kind", ["PostScript", "EPS of PIL", "PDF", "WMF"])
def test_an_archive_s_image_of_another_format_is_named(kind, official_folder):
    folder = official_folder()
    (folder / "a.png").write_bytes(OTHERS[kind][0])
    with pytest.raises(OfficialError, match=f"a.png: expected a JPEG or PNG.*found {OTHERS[kind][1]}"):
        OfficialDataset(folder, "fine")


@pytest.mark.parametrize("kind", ["EPS of PIL", "WMF", "FITS"])
def test_an_image_that_pil_opened_lazily_is_not_decoded(kind):
    with pytest.raises(PredictionError, match="expected PNG"):
        encode(Image.open(io.BytesIO(OTHERS[kind][0])), "a_edit_0")
    with pytest.raises(EditError, match="expected PNG"):
        as_picture(Image.open(io.BytesIO(OTHERS[kind][0])), "editor")
    problems = []
    rows = [{"id": "a_edit_0", "image": Image.open(io.BytesIO(OTHERS[kind][0]))}]
    assert normalised(rows, "predictions", prediction_row, problems) == [None]
    assert "expected PNG" in problems[0]


@pytest.mark.parametrize("form", ["rows", "stream", "column", "stream's column", "list inside"])
def test_a_dataset_of_hostile_bytes_is_not_decoded_by_it(form):
    stored = {"bytes": POSTSCRIPT, "path": "a.png"}
    picture = [stored] if form == "list inside" else stored
    feature = datasets.List(datasets.Image()) if form == "list inside" else datasets.Image()
    features = datasets.Features({"id": datasets.Value("string"), "image": feature})
    rows = datasets.Dataset.from_dict({"id": ["a_edit_0"], "image": [picture]}, features=features)
    given = {
        "rows": lambda: rows,
        "stream": rows.to_iterable_dataset,
        "column": lambda: rows["image"],
        "stream's column": lambda: rows.to_iterable_dataset()["image"],
        "list inside": lambda: rows,
    }[form]()
    problems = []
    found = normalised(given, "predictions", prediction_row, problems)
    if form == "list inside":
        assert found == [None] and "found list" in problems[0]
    else:
        assert not problems and found[0]["image"]["bytes"] == POSTSCRIPT


def test_a_reference_s_columns_are_left_as_they_are_stored(make_sample):
    sample = make_sample()
    row = sample.to_row() | {"depth": {"bytes": POSTSCRIPT, "path": "depth.png"}}
    rows = datasets.Dataset.from_list([{name: row[name] for name in ("image", "depth")} | {"id": row["id"]}])
    rows = rows.cast_column("depth", datasets.Image()).cast_column("image", datasets.Image())
    problems = []
    normalised(rows.to_iterable_dataset(), "references", reference_row, problems)
    assert len(problems) == 1 and "missing field" in problems[0]  # the row's own fault, found without decoding


def bomb(size: tuple[int, int], kind: str) -> bytes:
    data = bytearray(saved(kind))
    if kind == "PNG":
        header = struct.pack(">II", *size) + data[24:29]
        data[16:29] = header
        data[29:33] = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    elif kind == "BMP":
        data[18:26] = struct.pack("<ii", *size)
    elif kind == "JPEG":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", size[1] % 65536, size[0] % 65536)
    return bytes(data)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "JPEG"])
@pytest.mark.parametrize("size", [(9000, 9000), (60_000, 60_000)])
def test_too_many_pixels_are_refused_by_the_header(kind, size, monkeypatch):
    def decode(*_):
        raise KeyboardInterrupt("decoded")

    data = bomb(size, kind)
    pending = Image.open(io.BytesIO(bomb((9000, 9000), kind)))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decode)
    for read in (header_size, load_rgb, load_numbers):
        with pytest.raises(ImageError, match="over the limit"):
            read(data)
    with pytest.raises(EditError, match="over the limit"):
        as_picture(data, "editor")
    for use, error in ((lambda: encode(pending, "a"), PredictionError), (lambda: as_picture(pending, "e"), EditError)):
        with pytest.raises(error, match="over the limit"):
            use()


@pytest.mark.parametrize("kind", READ)
def test_a_flipped_byte_is_read_or_refused_and_nothing_else(kind):
    data, chance = saved(kind), np.random.default_rng(11)
    refused = 0
    for _ in range(60):
        spoiled = bytearray(data)
        for _ in range(3):
            spoiled[int(chance.integers(0, len(data)))] ^= int(chance.integers(1, 256))
        for read, error in ((load_rgb, ImageError), (header_size, ImageError), (lambda b: as_picture(b, "e"), EditError)):
            try:
                read(bytes(spoiled))
            except error:
                refused += 1
    assert refused > 0


def test_what_avif_raises_is_damage():
    if "AVIF" not in FORMATS:
        pytest.skip("this Pillow reads no AVIF")
    data = saved("AVIF")
    for spoiled in (data[: len(data) // 2], data[:-5], data[:60] + bytes(len(data) - 60)):
        with pytest.raises(ImageError):
            load_rgb(spoiled)


def test_every_kind_of_damage_is_one_set(monkeypatch, make_image):
    for error in (RuntimeError("x"), SyntaxError("x"), struct.error("x"), zlib.error("x"), MemoryError("x"), IndexError("x")):

        def fail(*_, error=error):
            raise error

        with monkeypatch.context() as patch:
            patch.setattr("PIL.ImageFile.ImageFile.load", fail)
            with pytest.raises(ImageError, match="cannot be decoded"):
                load_rgb(make_image())
            with pytest.raises(EditError, match="no readable image"):
                as_picture(make_image(), "e")
    assert images.DAMAGED is DAMAGED
