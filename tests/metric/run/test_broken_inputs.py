"""Broken images of every common kind: each is named with its reason, and readable ones are still scored."""

import dataclasses
import io
import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gsi_bench_metric.imaging.images import ImageError, header_size, load_rgb
from gsi_bench_metric.run.folder import load_run
from gsi_bench_metric.run.pipeline import evaluate

SIZE = (64, 48)
BOMB = (50_000, 50_000)


@dataclasses.dataclass(frozen=True)
class Place:
    """Where one sample's image would be, and the sound image that would be there."""

    folder: Path
    id: str
    png: bytes

    @property
    def picture(self) -> Image.Image:
        return Image.open(io.BytesIO(self.png))

    def write(self, data: bytes, ending: str = ".png") -> None:
        (self.folder / f"{self.id}{ending}").write_bytes(data)

    def save(self, picture: Image.Image, kind: str, ending: str = ".png", **options: object) -> None:
        stream = io.BytesIO()
        picture.save(stream, kind, **options)
        self.write(stream.getvalue(), ending)


def chunk(name: bytes, data: bytes, crc: int | None = None) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data) if crc is None else crc)


def png(size: tuple[int, int], *more: bytes, header_crc: int | None = None) -> bytes:
    """A PNG's beginning with the chunks given."""
    header = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header, header_crc) + b"".join(more)


def rows(size: tuple[int, int]) -> bytes:
    return chunk(b"IDAT", zlib.compress((b"\x00" + b"\x30\x60\x90" * size[0]) * size[1])) + chunk(b"IEND", b"")


def encoded(place: Place, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    place.picture.save(stream, kind, **options)
    return stream.getvalue()


def wrong_data_crc(place: Place) -> None:
    at = place.png.index(b"IDAT")
    length = struct.unpack(">I", place.png[at - 4 : at])[0]
    crc = at + 4 + length
    place.write(place.png[:crc] + b"\x00\x00\x00\x00" + place.png[crc + 4 :])


def zeros_inside(place: Place) -> None:
    middle = len(place.png) // 2
    place.write(place.png[:middle] + bytes(200) + place.png[middle + 200 :])


def without_rights(place: Place) -> None:
    place.write(place.png)
    (place.folder / f"{place.id}.png").chmod(0)


def two_frames(place: Place, kind: str) -> None:
    black = Image.new("RGB", SIZE)
    place.save(place.picture, kind, save_all=True, append_images=[black], duration=50, lossless=True)


def rotated_by_exif(place: Place) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    # Stored lying on its side, as phones do: upright it is the sound image again.
    place.save(place.picture.transpose(Image.Transpose.ROTATE_90), "JPEG", ".jpg", exif=exif, quality=95)


def grey_16_bit(place: Place) -> None:
    values = np.arange(SIZE[0] * SIZE[1], dtype=np.uint16).reshape(SIZE[::-1]) * 20
    place.save(Image.fromarray(values), "PNG")


def twice(place: Place, second: str) -> None:
    place.write(place.png)
    (place.folder / second).write_bytes(encoded(place, "JPEG"))


def link_to_pipe(place: Place) -> None:
    pipe = place.folder.parent / f"{place.id}.pipe"
    os.mkfifo(pipe)
    (place.folder / f"{place.id}.png").symlink_to(pipe)


Maker = Callable[[Place], object]

# kind: (what is in the folder, the state of the sample's score, the reason that names it)
UNREADABLE: dict[str, Maker] = {
    "GIF named .png": lambda p: p.save(p.picture, "GIF"),
    "empty file": lambda p: p.write(b""),
    "text": lambda p: p.write(b"rate limit exceeded\n"),
    "a web page": lambda p: p.write(b"<!DOCTYPE html><html><body>403 Forbidden</body></html>"),
    "JSON": lambda p: p.write(b'{"error": "safety system"}', ".jpg"),
    "PNG, signature alone": lambda p: p.write(p.png[:8]),
    "PNG, cut in the header": lambda p: p.write(p.png[:20]),
    "PNG, header alone": lambda p: p.write(p.png[:33]),
    "PNG, cut in the middle": lambda p: p.write(p.png[: len(p.png) // 2]),
    "PNG, its last bytes cut": lambda p: p.write(p.png[:-40]),
    "PNG, wrong checksum of the header": lambda p: p.write(png(SIZE, rows(SIZE), header_crc=0)),
    "PNG, zeros in the middle": zeros_inside,
    "PNG, no pixels": lambda p: p.write(png((0, 0), rows((0, 0)))),
    "PNG, a bomb": lambda p: p.write(png(BOMB, rows(SIZE))),
    "PNG, a bomb of text": lambda p: p.write(png(SIZE, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(9 << 20))), rows(SIZE))),
    "JPEG, cut in the middle": lambda p: p.write(encoded(p, "JPEG")[:700], ".jpg"),
    "JPEG, start alone": lambda p: p.write(encoded(p, "JPEG")[:20], ".jpg"),
    "WebP, cut": lambda p: p.write(encoded(p, "WEBP", lossless=True)[:200], ".webp"),
    "zeros alone": lambda p: p.write(bytes(5000)),
    "broken link": lambda p: (p.folder / f"{p.id}.png").symlink_to(p.folder / "moved away.png"),
    "link to itself": lambda p: (p.folder / f"{p.id}.png").symlink_to(p.folder / f"{p.id}.png"),
}
if os.geteuid() != 0:  # root may read everything
    UNREADABLE["no rights"] = without_rights
DOUBLED: dict[str, Maker] = {
    "png and jpg": lambda p: twice(p, f"{p.id}.jpg"),
    "with and without _rgb": lambda p: twice(p, f"{p.id}_rgb.png"),
    "small and capital ending": lambda p: twice(p, f"{p.id}.PNG"),
}
# The file's own name must be found among the ids of no sample.
ELSEWHERE: dict[str, Maker] = {
    "capital letters": lambda p: (p.folder / f"{p.id.upper()}.png").write_bytes(p.png),
    "a space at the end": lambda p: (p.folder / f"{p.id} .png").write_bytes(p.png),
    "another edit": lambda p: (p.folder / f"{p.id}0.png").write_bytes(p.png),
    "Cyrillic and a chair": lambda p: (p.folder / f"{p.id}-стул🪑.png").write_bytes(p.png),
    "a new line": lambda p: (p.folder / f"{p.id}\nrm -rf.png").write_bytes(p.png),
    "a long name": lambda p: (p.folder / f"{p.id}{'x' * (250 - len(p.id))}.png").write_bytes(p.png),
    "bytes that are no text": lambda p: (p.folder / os.fsdecode(p.id.encode() + b"\xff.png")).write_bytes(p.png),
    "doubled and of no sample": lambda p: [(p.folder / f"{p.id}9{end}").write_bytes(p.png) for end in (".png", ".jpg")],
    "markup": lambda p: (p.folder / f"{p.id}<script>alert(1)<|script>.png").write_bytes(p.png),
}
# The file's own name must be found among the ignored files.
IGNORED: dict[str, Maker] = {
    "a folder": lambda p: (p.folder / f"{p.id}.png").mkdir(),
    "another format's ending": lambda p: p.write(encoded(p, "BMP"), ".bmp"),
    "a download that was broken off": lambda p: p.write(p.png, ".png.part"),
    "a pipe": lambda p: os.mkfifo(p.folder / f"{p.id}.png"),
    "a link to a pipe": link_to_pipe,
    "a link to a folder": lambda p: (p.folder / f"{p.id}.png").symlink_to(p.folder.parent),
}
ABSENT: dict[str, Maker] = {"nothing at all": lambda _: None}
READABLE: dict[str, tuple[Maker, str | None]] = {
    "PNG, wrong checksum of sound pixels": (wrong_data_crc, None),
    "JPEG named .png": (lambda p: p.save(p.picture, "JPEG"), None),
    "CMYK": (lambda p: p.save(p.picture.convert("CMYK"), "JPEG", ".jpg"), None),
    "palette with transparency": (lambda p: p.save(p.picture.quantize(64), "PNG", transparency=b"\x00\x80"), None),
    "grey": (lambda p: p.save(p.picture.convert("L"), "PNG"), None),
    "black and white": (lambda p: p.save(p.picture.convert("1"), "PNG"), None),
    "transparent": (lambda p: p.save(p.picture.convert("RGBA"), "PNG"), None),
    "16 bits grey": (grey_16_bit, None),
    "animated WebP": (lambda p: two_frames(p, "WEBP"), None),
    "animated PNG": (lambda p: two_frames(p, "PNG"), None),
    "turned by EXIF": (rotated_by_exif, None),
    "PNG, end mark cut": (lambda p: p.write(p.png[:-12]), None),
    "one pixel": (lambda p: p.save(p.picture.resize((1, 1)), "PNG"), "stretched"),
    "upright": (lambda p: p.save(p.picture.resize(SIZE[::-1]), "PNG"), "stretched"),
    "half as large": (lambda p: p.save(p.picture.resize((32, 24)), "PNG"), "resized"),
    "twice as large": (lambda p: p.save(p.picture.resize((128, 96)), "PNG"), "resized"),
}


BROKEN = {**UNREADABLE, **DOUBLED, **ELSEWHERE, **IGNORED, **ABSENT}
REASONS = dict.fromkeys(UNREADABLE, "unreadable") | dict.fromkeys(DOUBLED, "duplicate")
STRAY = ("_rgb.png", ".png", "._hidden.png", "Thumbs.db", "notes.txt")  # files beside the images of any folder


def place_of(case, i: int) -> Place:
    sound = case.picture(i).read_bytes()
    case.picture(i).unlink()
    return Place(case.pictures, case.samples[i].id, sound)


@pytest.fixture
def broken(make_case):
    """A case of 60 broken inputs and every readable oddity; the kind of each sample, by id."""
    broken_kinds = (list(BROKEN) * 2)[:60]
    kinds = {}
    case = make_case(60 + len(READABLE) + 1)
    for i, kind in enumerate([*broken_kinds, *READABLE]):
        place = place_of(case, i)
        (BROKEN[kind] if i < 60 else READABLE[kind][0])(place)
        kinds[place.id] = kind
    for name in STRAY:
        (case.pictures / name).write_bytes(b"stray")
    return case, kinds


def named_in(record: dict, sample_id: str, field: str) -> bool:
    return any(name.lower().startswith(sample_id) and name != sample_id for name in record[field])


def test_broken_inputs_are_named_and_readable_ones_are_scored(broken, tmp_path):
    case, kinds = broken
    assert len(BROKEN) >= 20
    done = case.command(tmp_path / "run")
    assert done.returncode == 0, done.stderr
    run = load_run(tmp_path / "run")
    [record] = run.settings["editors"]["editor"].values()
    scores = {score.sample_id: score for score in run.scores}
    assert set(scores) == {sample.id for sample in case.samples}
    entries = [(kinds[i], s) for i, s in scores.items() if kinds.get(i) in BROKEN]
    assert len(entries) == 60
    for kind, score in entries:
        assert score.state == "no_picture", kind
        assert [r.name for r in score.reasons] == [REASONS.get(kind, "missing")], kind
        assert len(score.reasons[0].text) > 10, kind
        if kind in ELSEWHERE:
            assert named_in(record, score.sample_id, "extra"), kind
        if kind in IGNORED:
            assert named_in(record, score.sample_id, "ignored_files"), kind
        if kind in UNREADABLE:
            assert score.sample_id in score.reasons[0].text, kind
    assert set(STRAY) <= {*record["ignored_files"], *(f"{name}.png" for name in record["extra"])}
    for kind, score in [(kinds[i], s) for i, s in scores.items() if kinds.get(i) in READABLE]:
        assert score.ssim is not None and score.ic is not None, (kind, score.reasons)
        notes = [r.name for r in score.reasons if r.name in ("resized", "stretched", "unreadable")]
        assert notes == [READABLE[kind][1]] * bool(READABLE[kind][1]), kind


def test_an_error_is_asked_for_names_every_broken_input(broken, tmp_path):
    """`--on-missing error`: one message with everything, before the work; it lists the first and counts the rest."""
    case, kinds = broken
    done = case.command(tmp_path / "run", "--on-missing", "error")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and "Traceback" not in done.stderr
    assert f"({sum(kind in BROKEN for kind in kinds.values()) + 1} problems)" in done.stderr  # + the images of no sample
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("kind", ["animated WebP", "animated PNG", "turned by EXIF", "transparent", "grey"])
def test_an_odd_file_holds_the_pixels_that_viewers_show_first(make_case, kind):
    """The first frame, an opaque alpha dropped, upright: not black, not lying on its side."""
    place = place_of(make_case(2), 1)
    READABLE[kind][0](place)
    [path] = [p for p in place.folder.iterdir() if p.stem == place.id]
    wanted = np.asarray(place.picture.convert("L").convert("RGB") if kind == "grey" else place.picture, dtype=float)
    found = load_rgb(path).astype(float)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).mean() < 6


def test_16_bits_of_grey_keep_their_high_byte(make_case):
    """PIL's conversion would clip at 255, so nearly all of the image would be white: blank, though it is not."""
    place = place_of(make_case(2), 1)
    grey_16_bit(place)
    found = load_rgb(place.folder / f"{place.id}.png")
    wanted = np.arange(SIZE[0] * SIZE[1]).reshape(SIZE[::-1]) * 20 // 256
    assert np.array_equal(found, np.repeat(wanted[..., None], 3, axis=2))


def test_a_picture_that_vanishes_during_the_run_is_named(make_case, tmp_path, monkeypatch):
    from gsi_bench_metric.run import pipeline  # noqa: PLC0415

    case, run_all = make_case(4), pipeline._run

    def vanish(*args, **options):
        case.picture(1).unlink()
        return run_all(*args, **options)

    monkeypatch.setattr(pipeline, "_run", vanish)
    scores = evaluate(case.request(), tmp_path / "run", progress=False).scores
    assert [s.state == "no_picture" for s in scores] == [False, True, False, False]
    assert "no such file" in scores[1].reasons[0].text


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
def test_an_image_with_changed_bytes_is_read_or_refused(make_image, kind):
    data, chance = make_image(SIZE, 3, kind), np.random.default_rng(5)
    refused = 0
    for _ in range(400):
        spoiled = bytearray(data)
        for _ in range(chance.integers(1, 6)):
            near = chance.random() < 0.7  # headers are where the rare errors are
            spoiled[int(chance.integers(0, 200 if near else len(data)))] = int(chance.integers(0, 256))
        if chance.random() < 0.3:
            del spoiled[int(chance.integers(0, len(data))) :]
        try:
            header_size(bytes(spoiled))
            load_rgb(bytes(spoiled))
        except ImageError:
            refused += 1
    assert refused > 0
    assert load_rgb(data).shape == (48, 64, 3)


def test_scores_of_broken_inputs_are_readable_by_other_programs(broken, tmp_path):
    """Every line is ASCII JSON, whatever the names of files are."""
    case, _ = broken
    evaluate(case.request(), tmp_path / "run", progress=False)
    for line in (tmp_path / "run" / "scores.jsonl").read_bytes().splitlines():
        assert json.loads(line.decode("ascii"))["sample_id"]
    json.loads((tmp_path / "run" / "settings.json").read_bytes().decode("ascii"))
