"""`gsi-bench leakage`: everything that was planted is found with both ids, and nothing where nothing was."""

import dataclasses
import io
import json
import random

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from gsi_bench_dataset import EncodedImage
from gsi_bench_dataset.cli import main as cli
from gsi_bench_dataset.leakage import comparing
from gsi_bench_dataset.leakage.comparing import _BATCH, compare_sets, rows_of
from gsi_bench_dataset.leakage.hashes import BITS, NearImages, difference_hash, look_at
from gsi_bench_dataset.leakage.questions import question_of, sentence_of, template_of
from gsi_bench_dataset.storage.shards import write_dataset

SIZE = (160, 120)


def scene_image(seed: int) -> Image.Image:
    """A drawn scene: plain walls, boxes of several sizes, a little noise."""
    rng = np.random.default_rng(seed)
    canvas = np.full((SIZE[1], SIZE[0], 3), rng.integers(90, 200, 3), dtype=np.float64)
    canvas[rng.integers(60, 90) :] = rng.integers(40, 160, 3)
    for _ in range(9):
        x, y = rng.integers(0, SIZE[0] - 20), rng.integers(0, SIZE[1] - 15)
        canvas[y : y + rng.integers(12, 60), x : x + rng.integers(12, 60)] = rng.integers(0, 256, 3)
    return Image.fromarray(np.clip(canvas + rng.normal(0, 2, canvas.shape), 0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "PNG", **options) -> EncodedImage:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return EncodedImage(stream.getvalue(), None)


@pytest.fixture
def sets(make_sample, tmp_path):
    """`sets(train, test)`: two dataset folders; `sample(n, prefix)`: sound samples that have nothing in common."""

    def sample(number: int, prefix: str = ""):
        name = f"{prefix}s{number:03d}"
        seed = number + (10_000 if prefix else 0)
        return make_sample(
            name,
            image=encoded(scene_image(seed)),
            scene_id=name,
            original_bbox_3d=[0.1, 0.2, 2.0 + 0.01 * seed, 0.4, 0.3, 0.2, 0.2],
            assets=(f"embedded:mug:{seed}", f"embedded:bowl:{seed}"),
            training=True if prefix else None,
        )

    def write(train, test):
        for folder, samples in (("train", train), ("test", test)):
            write_dataset({"fine": sorted(samples, key=lambda s: s.id)}, tmp_path / folder)
        return tmp_path / "train", tmp_path / "test"

    write.sample = sample
    return write


def compared(train, test, **options):
    return compare_sets(rows_of(train, ["fine"]), rows_of(test, ["fine"]), **options)


CHANGES = {
    "saved at quality 30": lambda i: encoded(i, "JPEG", quality=30),
    "half as large": lambda i: encoded(i.resize((SIZE[0] // 2, SIZE[1] // 2), Image.Resampling.LANCZOS)),
    "of an odd size": lambda i: encoded(i.resize((223, 167), Image.Resampling.BICUBIC), "JPEG", quality=70),
    "darker": lambda i: encoded(ImageEnhance.Brightness(i).enhance(0.6), "JPEG", quality=80),
    "brighter": lambda i: encoded(ImageEnhance.Brightness(i).enhance(1.25)),
    "of less contrast": lambda i: encoded(ImageEnhance.Contrast(i).enhance(0.7), "WEBP", quality=70),
    "without colour": lambda i: encoded(ImageOps.grayscale(i).convert("RGB")),
    "mirrored": lambda i: encoded(ImageOps.mirror(i), "JPEG", quality=70),
}


def plant(kind: str, number: int, train, test):
    """A training sample that shares one thing with a test sample, and nothing else."""
    if kind == "sample":
        return dataclasses.replace(train, id=test.id, img_id=test.img_id, query_id=test.query_id)
    if kind == "scene":
        return dataclasses.replace(train, scene_id=test.scene_id)
    if kind == "asset":
        return dataclasses.replace(train, assets=tuple(sorted((*train.assets, test.assets[0]))))
    if kind == "question":
        return dataclasses.replace(train, original_bbox_3d=test.original_bbox_3d, prompt=f"  {test.prompt.upper()} ")
    change = list(CHANGES.values())[number % len(CHANGES)]
    return dataclasses.replace(train, image=change(Image.open(io.BytesIO(test.image.bytes))))


KINDS = ("sample", "scene", "asset", "question", "image")


def test_every_one_of_eighty_planted_overlaps_is_found(sets):
    chance = random.Random(0)
    test = [sets.sample(n) for n in range(80)]
    train = [sets.sample(n, "train_") for n in range(200)]
    wanted = set()
    for number, victim in enumerate(chance.sample(range(80), 80)):
        kind = KINDS[number % len(KINDS)]
        train[number] = plant(kind, number // len(KINDS), train[number], test[victim])
        mirrored = kind == "image" and list(CHANGES)[number // len(KINDS) % len(CHANGES)] == "mirrored"
        wanted.add(("mirrored image" if mirrored else kind, train[number].id, test[victim].id))
    found = {(o.kind, o.train, o.test) for o in compared(*sets(train, test)).overlaps}
    assert len(wanted) == 80 and {k for k, _, _ in wanted} == {*KINDS, "mirrored image"}
    assert found == wanted


def test_nothing_is_reported_where_nothing_is_shared(sets):
    found = compared(*sets([sets.sample(n, "train_") for n in range(150)], [sets.sample(n) for n in range(60)]))
    assert found.clean and not found.overlaps
    assert (found.train, found.test) == (150, 60)


@pytest.mark.parametrize("name", CHANGES)
def test_a_copy_is_near_and_another_scene_is_not(name):
    others = [look_at(encoded(scene_image(seed)).bytes) for seed in range(40)]
    near = NearImages([str(seed) for seed in range(40)], others)
    for seed in range(0, 40, 4):
        found = list(near.near([look_at(CHANGES[name](scene_image(seed)).bytes)]))
        assert [(i, which, mirrored) for i, which, _, mirrored in found] == [(0, str(seed), name == "mirrored")]


class TestHash:
    @pytest.mark.parametrize(
        ("levels", "bits"),
        [
            ([[0, 1, 2], [2, 1, 0]], [1, 1, 0, 0]),
            ([[3, 3, 3], [1, 1, 2]], [0, 0, 0, 1]),
            ([[9, 1, 9], [1, 9, 1]], [0, 1, 1, 0]),
        ],
    )
    def test_a_bit_says_whether_the_next_cell_is_brighter(self, levels, bits):
        assert difference_hash(np.array(levels, dtype=np.float32)).tolist() == bits

    def test_a_ramp_has_known_hashes(self):
        ramp = Image.fromarray(np.tile(np.linspace(0, 255, 170).astype(np.uint8), (160, 1)))
        look = look_at(encoded(ramp).bytes)
        assert look.bits.sum() == BITS and look.mirrored.sum() == 0

    def test_steps_in_one_half_give_bits_in_that_half_alone(self):
        cells = np.zeros((16, 17), np.uint8)
        cells[:, 9:] = np.arange(8) * 20 + 20
        image = Image.fromarray(np.kron(cells, np.ones((8, 8), np.uint8)))
        bits = look_at(encoded(image).bytes).bits.reshape(16, 16)
        assert not bits[:, :8].any() and bits[:, 8:].all()

    def test_an_image_stored_turned_is_read_upright(self):
        image = scene_image(1)
        exif = Image.Exif()
        exif[0x0112] = 3
        turned = encoded(image.transpose(Image.Transpose.ROTATE_180), "PNG", exif=exif)
        assert (look_at(turned.bytes).bits == look_at(encoded(image).bytes).bits).all()

    def test_plain_images_are_near_to_plain_ones_only(self):
        plain, other = (look_at(encoded(image).bytes) for image in (Image.new("RGB", SIZE, "gray"), scene_image(3)))
        assert not list(NearImages(["a"], [plain]).near([other]))
        assert len(list(NearImages(["a"], [plain]).near([plain]))) == 2  # as it is, and mirrored


class TestWords:
    def test_a_template_hides_names_and_numbers(self):
        row = {"prompt": "Move the tea cup 12.5 cm left of the Bowl.", "target": "tea cup", "operation": {"reference": "bowl"}}
        assert template_of(row) == "move the @ # cm left of the @"

    def test_a_name_inside_of_a_word_stays(self):
        row = {"prompt": "Put the pan on the pancake", "target": "pan", "operation": None}
        assert template_of(row) == "put the @ on the pancake"

    def test_case_spaces_and_the_last_mark_do_not_matter(self):
        assert sentence_of(" Remove  the MUG.") == sentence_of("remove the mug") == "remove the mug"
        assert sentence_of("移除杯子。") == "移除杯子"

    def test_another_place_is_another_question(self, make_sample):
        one = make_sample()
        moved = dataclasses.replace(one, original_bbox_3d=[one.original_bbox_3d[0] + 0.01, *one.original_bbox_3d[1:]])
        renamed = dataclasses.replace(one, target="cup")
        rows = [sample.to_row() for sample in (one, dataclasses.replace(one, prompt=one.prompt.lower()), moved, renamed)]
        first, same, *others = (question_of(row) for row in rows)
        assert first == same and first not in others

    def test_shared_sentences_and_templates_are_told_and_no_overlap(self, sets):
        pair = sets([sets.sample(1, "train_")], [sets.sample(1)])
        found = compared(*pair)
        assert found.clean and found.shared == found.distinct == {"sentences": 1, "templates": 1}
        strict = compared(*pair, strict_templates=True)
        assert strict.counts == {"template": 1}


class TestCommand:
    def run(self, capsys, *words):
        status = cli.main(["leakage", *map(str, words), "--quiet"])
        return status, capsys.readouterr()

    def test_it_ends_with_0_where_nothing_is_shared(self, sets, capsys):
        status, said = self.run(capsys, *sets([sets.sample(1, "train_")], [sets.sample(1)]))
        assert status == 0 and "nothing in common" in said.out

    def test_it_ends_with_1_and_names_both_samples(self, sets, capsys):
        test = sets.sample(1)
        train = plant("asset", 0, sets.sample(1, "train_"), test)
        status, said = self.run(capsys, *sets([train], [test]))
        assert status == 1 and f"asset: {train.id} = {test.id}  {test.assets[0]}" in said.out

    def test_json_holds_all_overlaps(self, sets, capsys):
        test = [sets.sample(n) for n in range(30)]
        train = [plant("scene", 0, sets.sample(n, "train_"), test[n]) for n in range(30)]
        status, said = self.run(capsys, *sets(train, test), "--json")
        found = json.loads(said.out)
        assert status == 1 and found["counts"] == {"scene": 30} and not found["clean"]
        assert {(o["train"], o["test"]) for o in found["overlaps"]} == {(a.id, b.id) for a, b in zip(train, test, strict=True)}

    def test_what_is_not_compared_is_said(self, sets, capsys):
        test = dataclasses.replace(sets.sample(1), assets=None)
        status, said = self.run(capsys, *sets([sets.sample(1, "train_")], [test]))
        assert status == 0 and "keys of assets not compared: 1 samples of test" in said.err

    @pytest.mark.parametrize("side", [0, 1])
    def test_a_set_that_cannot_be_read_ends_with_2(self, side, sets, tmp_path, capsys):
        folders = list(sets([sets.sample(1, "train_")], [sets.sample(1)]))
        folders[side] = tmp_path / "nothing"
        status, said = self.run(capsys, *folders)
        assert status == 2 and "nothing" in said.err

    def test_a_damaged_image_is_named_and_ends_with_2(self, sets, capsys):
        broken = dataclasses.replace(sets.sample(2), image=EncodedImage(b"\x89PNG\r\n\x1a\nno", None))
        status, said = self.run(capsys, *sets([sets.sample(1, "train_")], [broken]))
        assert status == 2 and "s002_edit_0" in said.err and "cannot be read" in said.err

    def test_a_split_that_is_not_there_ends_with_2(self, sets, capsys):
        status, said = self.run(capsys, *sets([sets.sample(1, "train_")], [sets.sample(1)]), "--split", "bathroom")
        assert status == 2 and "bathroom" in said.err


def test_images_of_a_scene_are_looked_at_once(sets, monkeypatch):
    looked = []
    monkeypatch.setattr(comparing, "look_at", lambda data: looked.append(data) or look_at(data))
    first = sets.sample(1, "train_")
    train = [dataclasses.replace(first, id=f"{first.img_id}_edit_{n}", query_id=str(n)) for n in range(5)]
    compared(*sets(train, [sets.sample(1)]))
    assert len(looked) == 2


def test_rows_pass_by_and_are_not_kept(sets):
    """The training set is read in batches: what was seen of it is let go."""
    waiting, most = 0, 0
    row = next(iter(rows_of(sets([sets.sample(1, "train_")], [sets.sample(1)])[0], ["fine"])))

    class Held(dict):
        def __init__(self, number):
            nonlocal waiting, most
            super().__init__(row | {"id": str(number)})
            waiting += 1
            most = max(most, waiting)

        def __del__(self):
            nonlocal waiting
            waiting -= 1

    compare_sets((Held(n) for n in range(4 * _BATCH)), [])
    assert most < 10
