"""`gsi-bench export --format TRAINER`: each form read back as its trainer reads it."""

import dataclasses
import io
import json
import os
import random
import re
import shlex
import tarfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from gsi_bench_dataset import EncodedImage, Operation
from gsi_bench_dataset.cli import main as cli
from gsi_bench_dataset.storage.folders import NEW
from gsi_bench_dataset.storage.shards import write_dataset
from gsi_bench_dataset.trainers import exporting, registry, web_dataset
from gsi_bench_dataset.trainers.pairs import fitted
from gsi_bench_dataset.trainers.registry import FORMS, form
from gsi_bench_dataset.variants import AFTER

SIZE = (64, 48)


def png(pixels) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def image(seed: int, size=SIZE) -> EncodedImage:
    rng = np.random.default_rng(seed)
    return EncodedImage(png(rng.integers(0, 256, (size[1], size[0], 3))), None)


@pytest.fixture
def samples(make_sample):
    """Five sound training samples: two edits of one scene, a name with dots, Chinese words with marks that JSON escapes."""
    found = []
    for number, (img, query) in enumerate([("train_a", "0"), ("train_a", "1"), ("train_b.v1.2", "0"), ("c", "0"), ("d", "0")]):
        found.append(
            make_sample(
                img,
                query,
                split="mesatask",
                image=image(sum(map(ord, img))),
                edited_image=image(100 + number),
                prompt=f'Move the "mug" {number + 5} cm left.',
                prompt_zh=f"把“马克杯”向左移动{number + 5}厘米。",
                scene_id=img,
                training=True,
                image_licence="cc-by-4.0",
                redistributable=True,
                attribution="GSI-Bench | embedded assets",
            )
        )
    return sorted(found, key=lambda s: s.id)


@pytest.fixture
def exported(samples, tmp_path, capsys):
    """`exported(name, *options, given=samples)`: (folder, samples, what was said)."""

    def export(name, *options, given=None, out="pairs", status=0):
        given = samples if given is None else given
        write_dataset({"mesatask": given}, tmp_path / "GSI-Bench-train")
        words = ["export", tmp_path / "GSI-Bench-train", "--format", name, "--out", tmp_path / out, *options]
        assert cli.main([str(word) for word in words]) == status
        return tmp_path / out, given, capsys.readouterr()

    return export


def pixels(value) -> np.ndarray:
    """Of a file, its bytes, or an image that a loader decoded."""
    if not isinstance(value, Image.Image):
        value = Image.open(io.BytesIO(value) if isinstance(value, bytes) else value)
    return np.asarray(value.convert("RGB"))


def is_pair(sample, source, target) -> bool:
    wanted = (sample.image.bytes, sample.edited_image.bytes)
    return all((pixels(found) == pixels(there)).all() for found, there in zip((source, target), wanted, strict=True))


def words_of(samples, language):
    both = {"en": [lambda s: s.prompt], "zh": [lambda s: s.prompt_zh], "both": [lambda s: s.prompt, lambda s: s.prompt_zh]}
    return [(sample, words(sample)) for sample in samples for words in both[language]]


# How the trainer reads a folder: (source, instruction, target) in order.


def image_folder(folder):
    from datasets import load_dataset  # noqa: PLC0415

    # As the script of InstructPix2Pix does it.
    rows = load_dataset("imagefolder", data_files={"train": str(folder / "**")})["train"]
    assert set(rows.column_names) == {"input_image", "edited_image", "edit_prompt"}
    return [(row["input_image"], row["edit_prompt"], row["edited_image"]) for row in rows]


def named_folder(folder):
    from datasets import load_dataset  # noqa: PLC0415

    rows = load_dataset(str(folder))["train"]  # `--dataset_name FOLDER` of the Kontext script
    command = form("kontext").command(exporting.Facts(folder, 1, SIZE))
    names = {key: re.search(rf"--{key} (\w+)", command)[1] for key in ("cond_image_column", "image_column", "caption_column")}
    return [(r[names["cond_image_column"]], r[names["caption_column"]], r[names["image_column"]]) for r in rows]


def diffsynth(folder):
    rows = [json.loads(line) for line in (folder / "metadata.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all(set(row) == {"image", "prompt", "edit_image", "kontext_images"} for row in rows)
    assert all(row["edit_image"] == row["kontext_images"] for row in rows)
    return [(folder / row["edit_image"], row["prompt"], folder / row["image"]) for row in rows]


def omnigen2(folder):
    (entry,) = yaml.safe_load((folder / "train.yml").read_text(encoding="utf-8"))["data"]
    assert set(entry) == {"path", "type", "ratio"}
    rows = [json.loads(line) for line in Path(entry["path"]).read_text(encoding="utf-8").splitlines()]
    assert all(
        row["task_type"] == "edit" and set(row) == {"task_type", "instruction", "input_images", "output_image"} for row in rows
    )
    return [(row["input_images"][0], row["instruction"], row["output_image"]) for row in rows]


def ai_toolkit(folder):
    (entry,) = yaml.safe_load((folder / "dataset.yaml").read_text(encoding="utf-8"))["datasets"]
    assert entry["flip_x"] is entry["flip_y"] is False
    targets, sources = Path(entry["folder_path"]), Path(entry["control_path"])
    found = []
    for target in sorted(targets.glob("*.png")):
        source = sources / target.name  # the same stem
        words = target.with_suffix("." + entry["caption_ext"]).read_text(encoding="utf-8")
        found.append((source, words, target))
    assert len(found) == len(list(sources.iterdir())) == len(list(targets.glob("*.txt")))
    return found


def sharegpt(folder):
    rows = json.loads((folder / "gsi.json").read_text(encoding="utf-8"))
    assert all(set(row) == {"input_prompt", "input_image", "output_image"} for row in rows)
    return [(folder / row["input_image"][0], row["input_prompt"], folder / row["output_image"]) for row in rows]


def uniworld(folder):
    (line,) = (folder / "data.txt").read_text(encoding="utf-8").splitlines()
    assert " " not in line
    root, annotation, needed = line.split(",")
    assert needed == "true"
    found = []
    for row in json.loads(Path(annotation).read_text(encoding="utf-8")):
        asked, answered = row["conversations"]
        assert (asked["from"], answered) == ("human", {"from": "gpt", "value": "<gen_image>"})
        assert asked["value"].startswith("<image>\n")
        *sources, target = row["image"]
        found.append((Path(root) / sources[0], asked["value"].removeprefix("<image>\n"), Path(root) / target))
    return found


def bagel(folder):
    """As its loader does it: files of data_dir in order, those that are keys of parquet_info_path, row group by row group."""
    entry = json.loads((folder / "dataset_info.json").read_text())["unified_edit"]["gsi"]
    info = json.loads(Path(entry["parquet_info_path"]).read_text(encoding="utf-8"))
    names = sorted(path.name for path in Path(entry["data_dir"]).glob("*.parquet"))
    paths = [os.path.join(entry["data_dir"], name) for name in names]  # noqa: PTH118
    config = yaml.safe_load((folder / "gsi.yaml").read_text())["unified_edit"]
    assert config["dataset_names"] == ["gsi"] and config["num_used_data"] == [len(paths)] == [entry["num_files"]]
    found = []
    for path in paths:
        assert path in info
        for group in range(info[path]["num_row_groups"]):
            for _, row in pq.ParquetFile(path).read_row_group(group).to_pandas().iterrows():
                assert len(row["instruction_list"]) == len(row["image_list"]) - 1 == 1
                found += [(row["image_list"][0], words, row["image_list"][1]) for words in row["instruction_list"][0]]
    assert entry["num_total_samples"] == sum(pq.ParquetFile(path).metadata.num_rows for path in paths)
    return found


def web(folder):
    webdataset = pytest.importorskip("webdataset")
    files = sorted(str(file) for file in folder.glob("*.tar"))
    found = []
    for row in webdataset.WebDataset(files, shardshuffle=False).decode("pil"):
        found += [(row["input.png"], words, row["output.png"]) for words in row["json"]["instructions"].values()]
        assert row["json"]["instruction"] == next(iter(row["json"]["instructions"].values()))
    return found


READERS = {
    "instructpix2pix": image_folder,
    "kontext": named_folder,
    "diffsynth": diffsynth,
    "bagel": bagel,
    "omnigen2": omnigen2,
    "ai-toolkit": ai_toolkit,
    "sharegpt-4o": sharegpt,
    "uniworld": uniworld,
    "webdataset": web,
}


def test_every_form_is_read_back_here():
    assert set(READERS) == set(FORMS)


@pytest.mark.parametrize("language", ["en", "zh", "both"])
@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_read_back_as_its_trainer_reads_it(name, language, exported):
    folder, given, _ = exported(name, "--language", language)
    found, wanted = READERS[name](folder), words_of(given, language)
    assert [words for _, words, _ in found] == [words for _, words in wanted]
    assert all(is_pair(sample, source, target) for (source, _, target), (sample, _) in zip(found, wanted, strict=True))


def test_load_dataset_reads_the_tar_files_too(exported):
    from datasets import load_dataset  # noqa: PLC0415

    folder, given, _ = exported("webdataset", "--language", "both")
    rows = load_dataset("webdataset", data_files={"train": str(folder / "*.tar")})["train"]
    assert [row["json"]["id"] for row in rows] == [s.id for s in given]
    assert all(is_pair(s, row["input.png"], row["output.png"]) for s, row in zip(given, rows, strict=True))


@pytest.mark.parametrize(("name", "many"), [("webdataset", "_PAIRS"), ("bagel", "_ROWS")])
def test_pairs_are_spread_over_several_files(name, many, exported, monkeypatch):
    monkeypatch.setattr(registry.form(name), many, 2)
    folder, given, _ = exported(name)
    assert len(list(folder.rglob("*.tar")) + list(folder.rglob("*.parquet"))) == 3
    assert [words for _, words, _ in READERS[name](folder)] == [s.prompt for s in given]


def test_files_of_a_sample_lie_side_by_side_in_a_tar(exported):
    folder, given, _ = exported("webdataset")
    with tarfile.open(folder / "gsi-000000.tar") as archive:
        names = archive.getnames()
    assert names == [f"{n:07d}.{end}" for n in range(len(given)) for end in ("input.png", "output.png", "json")]


@pytest.mark.parametrize("name", FORMS)
def test_the_page_and_the_output_tell_command_and_traps(name, exported):
    folder, _, said = exported(name)
    page = (folder / "README.md").read_text(encoding="utf-8")
    for words in (exporting.NO_FLIPS, *form(name).TRAPS):
        assert words in page and words in said.out
    command = form(name).command(exporting.Facts(folder, 5, SIZE, len(list(folder.rglob("*.parquet")) or [0])))
    assert command in page and all(line in said.out for line in command.splitlines())
    assert "GSI-Bench \\| embedded assets" in page


@pytest.mark.parametrize("name", FORMS)
def test_the_command_takes_a_folder_with_a_space(name, tmp_path):
    command = form(name).command(exporting.Facts(tmp_path / "my pairs", 5, SIZE, 1))
    shell = [line for line in command.splitlines() if not line.startswith(("#", "pairs =", "for pair", "import "))]
    assert all("my pairs" in word for line in shell for word in shlex.split(line.rstrip("\\")) if "my pair" in word)


class TestImages:
    def stripes(self, size, at):
        canvas = np.zeros((size[1], size[0], 3), np.uint8)
        canvas[:, at : at + 4] = 255
        return EncodedImage(png(canvas), None)

    def test_images_that_fit_stay_byte_for_byte(self):
        source, target = image(1), image(2)
        assert fitted(source, target, None) == (source.bytes, target.bytes, SIZE, "as they were")

    @pytest.mark.parametrize("size", [(65, 48), (79, 63), (64, 63), (100, 70), (1000, 17)])
    def test_sides_become_multiples_of_16_by_cutting_both_alike(self, size):
        source, target = image(1, size), image(2, size)
        *files, (w, h), done = fitted(source, target, None)
        assert (w, h) == (size[0] // 16 * 16, size[1] // 16 * 16) and done == "cropped"
        left, top = (size[0] - w) // 2, (size[1] - h) // 2
        for file, whole in zip(files, (source, target), strict=True):
            assert (pixels(file) == pixels(whole.bytes)[top : top + h, left : left + w]).all()

    @pytest.mark.parametrize(("size", "most"), [((640, 480), 320), ((1000, 600), 500), ((300, 900), 256)])
    def test_a_smaller_image_shows_the_same_lengths_both_ways(self, size, most):
        """A square stays a square: one factor for both sides, for source and target alike."""
        canvas = np.zeros((size[1], size[0], 3), np.uint8)
        cx, cy, half = size[0] // 2, size[1] // 2, 100
        canvas[cy - half : cy + half, cx - half : cx + half] = 255
        encoded = EncodedImage(png(canvas), None)
        source, target, (w, h), done = fitted(encoded, encoded, most)
        assert source == target and done == "made smaller" and max(w, h) <= most and w % 16 == h % 16 == 0
        bright = pixels(source)[..., 0] > 127
        wide, high = bright.any(axis=0).sum(), bright.any(axis=1).sum()
        assert abs(int(wide) - int(high)) <= 1 and abs(wide - 2 * half * most / max(size)) <= 1.5

    def test_left_stays_left(self):
        source, target = self.stripes((90, 60), 10), self.stripes((90, 60), 40)
        a, b, _, _ = fitted(source, target, 70)
        at = [int(np.flatnonzero(pixels(file)[10, :, 0] > 100).mean()) for file in (a, b)]
        assert at[0] < at[1] and abs((at[1] - at[0]) - 30 * 70 / 90) <= 1

    def test_an_image_stored_turned_is_written_upright(self):
        whole = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 64, 3), dtype=np.uint8))
        exif, stream = Image.Exif(), io.BytesIO()
        exif[0x0112] = 8
        whole.transpose(Image.Transpose.ROTATE_270).save(stream, "PNG", exif=exif)
        source, _, size, _ = fitted(EncodedImage(stream.getvalue(), None), EncodedImage(png(np.asarray(whole)), None), None)
        assert size == (64, 32) and (pixels(source) == np.asarray(whole)).all()

    @pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
    def test_other_files_become_png(self, kind):
        stream = io.BytesIO()
        Image.fromarray(pixels(image(1).bytes)).save(stream, kind)
        source, *_ = fitted(EncodedImage(stream.getvalue(), None), image(2), None)
        assert source.startswith(b"\x89PNG") and (pixels(source) == pixels(stream.getvalue())).all()


class TestLeftOut:
    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"edited_image": None}, "has no image after the edit"),
            ({"edited_image": image(1, (80, 48))}, "differ in size: 64×48 and 80×48"),
            ({"edited_image": EncodedImage(b"\x89PNG\r\n\x1a\nno", None)}, "is damaged"),
            ({"variant": "opposite"}, "another outcome than the right one"),
            ({"variant": "grade050", "progress": 0.5}, "another outcome than the right one"),
            ({"goal_suspect": "odd"}, "goal_suspect"),
        ],
    )
    def test_what_is_no_pair_is_left_out_and_named(self, changes, reason, samples, exported):
        odd = dataclasses.replace(samples[1], **changes)
        folder, _, said = exported("diffsynth", given=[samples[0], odd, *samples[2:]])
        assert [words for _, words, _ in diffsynth(folder)] == [s.prompt for s in samples if s.id != odd.id]
        assert reason in said.err and odd.id in said.err and reason in (folder / "README.md").read_text(encoding="utf-8")

    def test_the_right_version_of_an_edit_is_a_pair(self, samples, exported):
        folder, _, _ = exported("diffsynth", given=[dataclasses.replace(s, variant=AFTER, progress=1.0) for s in samples])
        assert len(diffsynth(folder)) == len(samples)

    @pytest.mark.parametrize("language", ["zh", "both"])
    def test_a_sample_without_chinese_is_named(self, language, samples, exported):
        odd = dataclasses.replace(samples[0], prompt_zh=None)
        folder, _, said = exported("diffsynth", "--language", language, given=[odd, *samples[1:]])
        assert "has no instruction in zh" in said.err and odd.id in said.err
        assert len(diffsynth(folder)) == (len(samples) - 1) * (2 if language == "both" else 1)

    def test_nothing_to_export_is_an_error_and_leaves_nothing(self, samples, exported, tmp_path):
        _, _, said = exported("bagel", given=[dataclasses.replace(s, edited_image=None) for s in samples], status=2)
        assert "no sample gives a training pair" in said.err and "has no image after the edit" in said.err
        assert not (tmp_path / "pairs").exists() and not [p for p in tmp_path.iterdir() if p.name.startswith(".pairs")]

    def test_rows_without_images_are_named(self, samples, tmp_path, capsys):
        write_dataset({"mesatask": samples}, tmp_path / "d", withhold=lambda s: s.id == samples[0].id)
        assert cli.main(["export", str(tmp_path / "d"), "--format", "kontext", "--out", str(tmp_path / "o")]) == 0
        assert f"comes without its images, which are not redistributable: {samples[0].id}" in capsys.readouterr().err


class TestRights:
    @pytest.mark.parametrize("redistributable", [False, None])
    def test_restricted_images_are_warned_of_in_output_and_page(self, redistributable, samples, exported):
        closed = [dataclasses.replace(s, redistributable=redistributable) for s in samples[:2]]
        folder, _, said = exported("webdataset", given=[*closed, *samples[2:]])
        assert "warning: 2 of 5 images are not known to be redistributable" in said.err
        assert "2 of 5 images are not known" in (folder / "README.md").read_text(encoding="utf-8")

    def test_they_are_left_out_when_asked(self, samples, exported):
        closed = dataclasses.replace(samples[0], redistributable=False)
        folder, _, said = exported("sharegpt-4o", "--drop-restricted", given=[closed, *samples[1:]])
        assert len(sharegpt(folder)) == len(samples) - 1 and "warning" not in said.err and closed.id in said.err

    def test_samples_of_a_test_split_are_warned_of(self, samples, exported):
        tests = [dataclasses.replace(s, training=None) for s in samples]
        folder, _, said = exported("omnigen2", given=tests)
        assert "warning: 5 of 5 pairs are of no training set" in said.err
        assert "of no training set" in (folder / "README.md").read_text(encoding="utf-8")
        assert "of no training set" not in exported("omnigen2", out="others")[2].err


class TestPlaces:
    @pytest.mark.parametrize("name", FORMS)
    def test_an_export_is_not_overwritten_unless_asked(self, name, samples, exported):
        folder, _, _ = exported(name)
        before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        _, _, said = exported(name, given=samples[:2], status=2)
        assert "--overwrite" in said.err
        assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
        exported(name, "--overwrite", given=samples[:2])
        assert len(READERS[name](folder)) == 2

    def test_a_folder_of_other_files_is_never_replaced(self, exported, tmp_path):
        (tmp_path / "pairs").mkdir()
        (tmp_path / "pairs" / "thesis.txt").write_text("mine")
        _, _, said = exported("bagel", "--overwrite", status=2)
        assert "other files" in said.err and (tmp_path / "pairs" / "thesis.txt").read_text() == "mine"

    def test_a_failure_half_way_leaves_nothing(self, samples, exported, tmp_path, monkeypatch):
        calls = []

        def put(self, name, content):
            calls.append(name)
            if len(calls) > 5:
                raise OSError(28, "No space left on device")
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            return name

        monkeypatch.setattr("gsi_bench_dataset.trainers.form.Place.put", put)
        _, _, said = exported("diffsynth", status=2)
        assert str(tmp_path / "pairs") in said.err and NEW not in said.err
        assert [p.name for p in tmp_path.iterdir()] == ["GSI-Bench-train"]

    @pytest.mark.parametrize("name", ["my pairs", "a,b"])
    def test_uniworld_refuses_a_path_that_its_list_cannot_hold(self, name, exported, tmp_path):
        _, _, said = exported("uniworld", out=name, status=2)
        assert "UniWorld takes no path" in said.err and not (tmp_path / name).exists()

    @pytest.mark.parametrize("name", ["my pairs", "a,b", "ü", 'quo"te'])
    @pytest.mark.parametrize("trainer", sorted(set(FORMS) - {"uniworld", "instructpix2pix", "kontext"}))
    def test_odd_names_of_folders_are_read_back(self, name, trainer, exported):
        folder, given, _ = exported(trainer, out=name)
        assert len(READERS[trainer](folder)) == len(given)

    def test_equal_samples_give_equal_files(self, exported):
        first, second = (exported("webdataset", out=name)[0] for name in ("one", "two"))
        assert (first / "gsi-000000.tar").read_bytes() == (second / "gsi-000000.tar").read_bytes()


@pytest.mark.parametrize("option", ["--language=zh", "--max-side=64", "--drop-restricted"])
def test_options_of_trainers_are_refused_for_the_reference_layout(option, exported):
    _, _, said = exported("official", "--split", "mesatask", option, status=2)
    assert option.partition("=")[0] in said.err


def test_the_reference_layout_still_needs_a_split(exported):
    assert "--split is needed" in exported("official", status=2)[2].err


@pytest.mark.parametrize("split", ["fine", "bathroom"])
def test_a_split_that_is_not_there_is_an_error(split, exported):
    assert split in exported("bagel", "--split", split, status=2)[2].err


def test_pairs_pass_by_one_at_a_time(samples, tmp_path):
    """Whatever the number of pairs, a form of single files holds one."""
    waiting, most = set(), 0

    def pairs():
        nonlocal most
        for number in range(50):
            waiting.add(number)
            most = max(most, len(waiting))
            yield exporting.Pair(number, samples[0], b"a", b"b", SIZE, {"en": "words"})
            waiting.discard(number)

    for name in ("diffsynth", "uniworld", "ai-toolkit", "omnigen2", "sharegpt-4o"):
        folder = tmp_path / name
        folder.mkdir()
        form(name).write(pairs(), exporting.Place(folder, folder))
    assert most == 1


def test_a_form_is_a_module_and_a_line(monkeypatch):
    monkeypatch.setitem(FORMS, "toy", web_dataset.__name__)
    assert form("toy") is web_dataset


def test_operations_that_are_not_understood_are_no_hindrance(samples, exported):
    odd = [dataclasses.replace(s, operation=random.Random(0).choice([None, Operation(kind="move")])) for s in samples]
    assert len(web(exported("webdataset", given=odd)[0])) == len(samples)
