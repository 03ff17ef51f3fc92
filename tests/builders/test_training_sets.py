"""`gsi-bench build --train`: what is held out from training sets, and that no test split has what they have."""

import argparse
import dataclasses
import re
from collections import Counter

import numpy as np
import pytest

from gsi_bench_builders import commands
from gsi_bench_builders.assets.library import asset, kinds
from gsi_bench_builders.assets.looks import LOOKS, EmbeddedLooks, first_look
from gsi_bench_builders.assets.rooms import INTERIORS, STYLES, TRAINING_STYLES, room_parts
from gsi_bench_builders.composition.compose import THEMES, compose, flaws
from gsi_bench_builders.composition.interiors import compose as interiors
from gsi_bench_builders.composition.interiors.compose import INTERIORS as SORTS
from gsi_bench_builders.composition.interiors.compose import compose_interior
from gsi_bench_builders.composition.interiors.dressing import ON
from gsi_bench_builders.composition.themes import CARRIED, names_of
from gsi_bench_builders.production import runner
from gsi_bench_builders.production.finished import settings_of
from gsi_bench_builders.production.labels import public_key
from gsi_bench_builders.production.scene_work import SceneJob, entropy_of
from gsi_bench_builders.recipes.fine import RenderedPhotographs
from gsi_bench_builders.recipes.mesatask import EmbeddedTabletops
from gsi_bench_builders.recipes.registry import RECIPES
from gsi_bench_builders.recipes.rooms import EmbeddedRooms, RoomError, subset_of
from gsi_bench_builders.recipes.training import HELD_OUT, PREFIX, described, looks_of
from gsi_bench_dataset.cli import main as cli
from gsi_bench_dataset.leakage.comparing import compare_sets, rows_of
from gsi_bench_dataset.storage.shards import read_dataset

TRAINING = looks_of(True)
SOURCES = {
    "mesatask": lambda training: EmbeddedTabletops(training=training),
    "robothor": lambda training: EmbeddedRooms(("living", "studio"), "train" if training else None, training=training),
    "bathroom": lambda training: EmbeddedRooms(("bathroom",), "train" if training else None, training=training),
    "fine": lambda training: RenderedPhotographs(training=training),
}
COUNTS = {"mesatask": 6, "robothor": 2, "bathroom": 2, "fine": 3}


@pytest.fixture(scope="module")
def scenes():
    """`scenes(split, training)`: some scenes, each drawn as a build does."""
    made = {}

    def of(split, training):
        if (split, training) not in made:
            job = SceneJob(split, training=training)
            made[split, training] = [
                SOURCES[split](training).scene(n, np.random.default_rng(np.random.SeedSequence(entropy_of(job, n))), 128)[0]
                for n in range(COUNTS[split])
            ]
        return made[split, training]

    return of


@pytest.fixture
def job_of(monkeypatch, tmp_path):
    """`job_of(*words)`: (source, job) of a command line, which is not carried out."""
    caught = []

    def build(source, job, *_, **__):
        caught.append((source, job))
        raise commands.BuildOptionError("caught")

    monkeypatch.setattr(runner, "build", build)

    def of(*words):
        assert cli.main(["build", *words, "--out", str(tmp_path / "out")]) == 2
        return caught.pop()

    return of


class TestHeldOut:
    def test_one_kind_in_five_is_held_out(self):
        assert kinds().keys() >= HELD_OUT
        assert 0.2 <= len(HELD_OUT) / len(kinds()) < 0.22

    def test_they_are_kinds_that_test_splits_show(self):
        laid = {name for theme in THEMES.values() for name in names_of(theme)} | {
            n for names in CARRIED.values() for n in names
        }
        laid |= {name for _, names in ON.values() for name in names.split("|")}
        placed = laid | {name for name, kind in kinds().items() if {"apartment", "washroom"} & set(kind.places)}
        assert placed >= HELD_OUT

    @pytest.mark.parametrize("split", SOURCES)
    def test_no_scene_to_train_on_shows_one(self, split, scenes):
        found = Counter(t.info.category for scene in scenes(split, True) for t in scene.things)
        assert not HELD_OUT & found.keys()

    def test_test_scenes_go_on_showing_them(self, scenes):
        shown = {t.info.category for split in SOURCES for scene in scenes(split, False) for t in scene.things}
        assert len(HELD_OUT & shown) >= 6

    @pytest.mark.parametrize("split", SOURCES)
    def test_no_look_is_in_both(self, split, scenes):
        train, test = ({t.info.key for s in scenes(split, training) for t in s.things} for training in (True, False))
        assert train and test and not train & test
        seeds = {training: {int(key.rpartition(":")[2]) for key in keys} for training, keys in ((True, train), (False, test))}
        assert min(seeds[True]) >= LOOKS > max(seeds[False])

    @pytest.mark.parametrize("split", SOURCES)
    def test_no_style_of_surroundings_is_in_both(self, split, scenes):
        train, test = ({s.room.style for s in scenes(split, training)} for training in (True, False))
        assert not train & test
        assert train == {TRAINING_STYLES[style] for style in test} or split == "fine"

    def test_every_style_of_test_splits_has_another_one(self):
        used = {theme.style for theme in THEMES.values()} | {sort.style for sort in SORTS.values()}
        assert used == set(TRAINING_STYLES) and not used & set(TRAINING_STYLES.values())
        assert len(set(TRAINING_STYLES.values())) == len(TRAINING_STYLES)
        assert set(TRAINING_STYLES.values()) <= STYLES.keys() | INTERIORS.keys()

    def test_what_is_held_out_never_changes(self):
        """Training sets that were made before have seen what another list would hold out."""
        assert "|".join(sorted(HELD_OUT)) == (
            "armchair|bathroom scale|bench|camera|croissant|floor lamp|jewelry box|lotion bottle|ottoman|pear|pencil cup|"
            "pepper mill|picture frame|speaker|step stool|storage box|sugar bowl|teapot|toaster|toilet brush|trash can|"
            "wall clock|wardrobe|water bottle|wine glass"
        )

    def test_it_depends_on_no_seed(self, job_of):
        told = [job_of("mesatask", "--train", "--seed", seed)[0].describe() for seed in ("0", "7")]
        assert told[0] == told[1] and told[0]["held out from training"]["kinds"] == sorted(HELD_OUT)
        assert described(False) == {}


class TestScenes:
    def test_test_scenes_are_what_they_were(self, scenes):
        for number, scene in enumerate(scenes("mesatask", False)[:6]):
            theme = tuple(THEMES)[number]
            rng = np.random.default_rng(np.random.SeedSequence([0, number]))
            assert scene == compose(theme, rng, f"s{number:05d}_{theme}", 128)

    @pytest.mark.parametrize("split", SOURCES)
    def test_ids_of_scenes_to_train_on_say_it_in_front(self, split, scenes):
        assert all(s.id.startswith(PREFIX) for s in scenes(split, True))
        assert not any(s.id.startswith(PREFIX) for s in scenes(split, False))
        assert len({s.id for s in scenes(split, True)}) == COUNTS[split]

    @pytest.mark.parametrize("split", ["robothor", "bathroom"])
    def test_rooms_to_train_on_keep_the_rules_and_the_subset(self, split, scenes):
        for scene in scenes(split, True):
            assert not interiors.flaws(scene)
            assert subset_of(scene.room.plan) == "train"

    def test_tables_to_train_on_keep_the_rules(self, scenes):
        assert not [flaws(scene) for scene in scenes("mesatask", True) if flaws(scene)]

    @pytest.mark.parametrize("style", sorted(TRAINING_STYLES.values()))
    def test_a_style_is_drawn_anew_by_each_seed_and_alike_by_one(self, style, scenes):
        scene = next(s for split in SOURCES for s in scenes(split, True) if s.room.style == style)
        rooms = [dataclasses.replace(scene.room, seed=seed) for seed in (1, 1, 2)]
        first, again, other = ([(n, repr([p.material for p in ps])) for n, ps in room_parts(r, scene.support)] for r in rooms)
        assert first == again != other

    @pytest.mark.parametrize("style", sorted(set(TRAINING_STYLES.values()) & STYLES.keys()))
    def test_a_tables_top_is_where_its_support_says(self, style, scenes):
        scene = next(s for s in scenes("mesatask", True) if s.room.style == style)
        name, parts = room_parts(scene.room, scene.support)[0]
        points = np.concatenate([p.mesh.vertices for p in parts])
        assert name == "table" and abs(points[:, 2].max() - scene.support.z) < 1e-6
        tallest = max(t.corners()[:, 2].max() for t in scene.things)
        for other, pieces in room_parts(scene.room, scene.support)[1:]:
            inside = np.concatenate([p.mesh.vertices for p in pieces])
            over = (inside[:, 2] > scene.support.z + 1e-3) & (inside[:, 2] < tallest)
            over &= (np.abs(inside[:, 0]) < scene.support.x[1]) & (inside[:, 1] < scene.support.y[1] - 1e-3)
            assert not (over & (inside[:, 1] > scene.support.y[0])).any(), other

    def test_what_stands_on_a_thing_that_is_left_out_is_left_out_too(self):
        looks = EmbeddedLooks(6, lacks=frozenset({"coffee table", "book"}))
        for seed in range(4):
            scene = compose_interior("living", seed, "x", 128, looks)
            ids = {t.id for t in scene.things}
            assert all(t.on is None or t.on in ids for t in scene.things)
            assert not {"coffee table", "book"} & {t.info.category for t in scene.things}


class TestSeeds:
    """Words of 32 bits that numpy seeds with: four, continued with zeros."""

    def words(self, job, number):
        return np.random.SeedSequence(entropy_of(job, number))

    @pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**63 - 1])
    @pytest.mark.parametrize("number", [0, 99_999])
    def test_no_draw_of_a_training_set_has_the_seed_of_a_test_scene(self, seed, number):
        entropy = entropy_of(SceneJob("mesatask", seed=seed, training=True), number)
        assert entropy.bit_length() == 128  # four words, the last not 0
        plain = entropy_of(SceneJob("mesatask", seed=seed), number)
        assert plain == [seed, number] and sum((max(v.bit_length(), 1) + 31) // 32 for v in plain) <= 3

    def test_scenes_of_several_seeds_and_numbers_have_entropies_of_their_own(self):
        found = {entropy_of(SceneJob("mesatask", seed=s, training=True), n) for s in range(50) for n in range(50)}
        assert len(found) == 2500

    def test_settings_of_test_builds_are_what_they_were(self):
        job = settings_of(EmbeddedTabletops(), SceneJob("mesatask"), "blender")["job"]
        assert "training" not in job and "versions" not in job
        assert settings_of(EmbeddedTabletops(), SceneJob("mesatask", training=True), "blender")["job"]["training"] is True

    @pytest.mark.parametrize(
        ("key", "first"), [("embedded:mug:0", 0), ("embedded:mug:9999", 0), ("embedded:mug:10000", 10_000), ("file:a.glb", 0)]
    )
    def test_another_look_of_a_kind_comes_from_the_same_space(self, key, first):
        assert first_look(key) == first

    def test_looks_to_train_on_are_assets_like_others(self):
        for name in ("mug", "sofa", "toilet"):
            info = asset(TRAINING.draw(name, np.random.default_rng(3)).key).info
            assert info.category == name and LOOKS <= int(info.key.rpartition(":")[2]) < 2 * LOOKS


class TestCommand:
    @pytest.mark.parametrize("split", RECIPES)
    def test_every_recipe_makes_a_training_set(self, split, job_of):
        source, job = job_of(split, "--train")
        assert job.training and not job.goals_only
        assert source.describe()["held out from training"]["styles of surroundings"] == sorted(TRAINING_STYLES)

    @pytest.mark.parametrize("split", RECIPES)
    def test_without_it_nothing_changes(self, split, job_of):
        source, job = job_of(split)
        assert not job.training and "held out from training" not in source.describe()
        assert job.goals_only == RECIPES[split].goals_only

    def test_it_goes_with_versions_commands_presets_and_shapes(self, job_of):
        _, job = job_of(
            "robothor", "--train", "--variants", "2", "--versions", "opposite", "--commands", "rotate", "--preset", "small"
        )
        assert (job.training, job.versions, job.kinds, job.preset) == (True, ("opposite",), ("rotate",), "small")
        source, _ = job_of("bathroom", "--train", "--aspect", "4:3", "--subset", "train")
        assert source.describe()["subset"] == "train"

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["robothor", "--subset", "val"], "--subset val"),
            (["bathroom", "--engine", "thor"], "--subset train"),
            (["mesatask", "--mesatask-10k", "nowhere"], "MesaTask-10K"),
            (["mesatask", "--assets", "sweethome3d"], "sweethome3d"),
            (["fine", "photos"], "--train-captures FILE"),
            (["mesatask", "--train-captures", "list.txt"], "goes with PHOTOS"),
        ],
    )
    def test_what_a_test_split_may_have_too_is_refused(self, words, said, tmp_path, capsys):
        assert cli.main(["build", *words, "--train", "--out", str(tmp_path / "o")]) == 2
        assert said in capsys.readouterr().err and not list(tmp_path.iterdir())

    def test_captures_without_train_are_refused(self, tmp_path, capsys):
        assert cli.main(["build", "fine", "photos", "--train-captures", "x", "--out", str(tmp_path / "o")]) == 2
        assert "goes with --train" in capsys.readouterr().err

    def test_rooms_to_train_on_of_another_subset_are_refused(self):
        with pytest.raises(RoomError, match="subset train"):
            EmbeddedRooms(("bathroom",), "val", training=True)

    def test_help_names_it(self, capsys):
        parser = argparse.ArgumentParser()
        commands.add_commands(parser.add_subparsers())
        with pytest.raises(SystemExit):
            parser.parse_args(["build", "--help"])
        assert re.search(r"--train\b", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("file:/home/me/secret/3f2a.glb", "file:3f2a.glb"),
        ("file:/home/me/b.obj?up=z&scale=0.01", "file:b.obj?up=z&scale=0.01"),
        ("embedded:mug:7", "embedded:mug:7"),
        ("sweethome3d:BlendSwap-CC-0/chair", "sweethome3d:BlendSwap-CC-0/chair"),
    ],
)
def test_keys_of_assets_say_nothing_of_folders(key, shown):
    assert public_key(key) == shown


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A training set and a test set of the same seed, and of the numbers that both have."""
    pytest.importorskip("bpy", reason="needs the blender extra")
    base = tmp_path_factory.mktemp("built")
    few = ["--num-scenes", "2", "--edits-per-scene", "2", "--preset", "test", "--workers", "1", "--quiet"]
    for name, words in (("train", ["--train"]), ("test", [])):
        assert cli.main(["build", "mesatask", *words, *few, "--out", str(base / name)]) == 0
    return base


class TestBuilt:
    def test_a_training_set_and_a_test_set_have_nothing_in_common(self, built):
        found = compare_sets(rows_of(built / "train", ["mesatask"]), rows_of(built / "test", ["mesatask"]))
        assert found.clean and not found.silent and found.train >= 2 and found.test >= 2

    def test_a_row_holds_both_images_the_words_and_the_truth(self, built):
        for sample in read_dataset(built / "train", "mesatask"):
            assert sample.training is True and sample.id.startswith(PREFIX)
            assert sample.edited_image and sample.prompt and sample.prompt_zh and sample.objects and sample.objects_after
            assert sample.depth and sample.instance_mask and sample.instance_mask_after and sample.assets
        assert all(sample.training is None for sample in read_dataset(built / "test", "mesatask"))

    def test_it_is_loaded_by_recipe_and_train_and_by_no_test_name(self, built):
        from datasets import load_dataset  # noqa: PLC0415

        rows = load_dataset(str(built / "train"), "mesatask", split="train")
        assert set(rows["training"]) == {True}
        with pytest.raises(ValueError, match="mesatask"):
            load_dataset(str(built / "train"), split="mesatask")

    def test_the_card_says_what_it_is_and_what_was_held_out(self, built):
        card = (built / "train" / "README.md").read_text(encoding="utf-8")
        assert "**A training set.**" in card and "no results of the benchmark" in card and '"wine glass"' in card
        assert "training set" not in (built / "test" / "README.md").read_text(encoding="utf-8").split("## Columns")[0]

    @pytest.mark.parametrize(("there", "words"), [("test", ["--train"]), ("train", [])])
    def test_the_one_does_not_replace_the_other(self, there, words, built, capsys):
        before = {p: p.stat().st_mtime_ns for p in built.rglob("*") if p.is_file()}
        for split in ("mesatask", "bathroom"):
            assert cli.main(["build", split, *words, "--preset", "test", "--out", str(built / there), "--quiet"]) == 2
            assert "choose another --out" in capsys.readouterr().err
        assert {p: p.stat().st_mtime_ns for p in built.rglob("*") if p.is_file() and p in before} == before

    def test_pairs_go_on_to_a_trainer(self, built, tmp_path):
        assert cli.main(["export", str(built / "train"), "--format", "diffsynth", "--out", str(tmp_path / "pairs")]) == 0
        lines = (tmp_path / "pairs" / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
        assert len(lines) == sum(1 for _ in read_dataset(built / "train", "mesatask"))
