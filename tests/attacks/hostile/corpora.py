"""Attacks on corpora of photographs: one file of one is changed or damaged, and the photographs are taken all the same."""

from __future__ import annotations

import functools
import importlib.machinery
import json
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from corpus_shapes import HDF5, h5py, write_arkitscenes, write_hypersim, write_objectron, write_scannetpp, write_sunrgbd
from photo_shapes import Shoot, drawn, thing, write_folder

from gsi_bench_builders.edits.base import SETTINGS, Stage
from gsi_bench_builders.edits.propose import propose_edits
from gsi_bench_builders.photos.choosing import choose_frame
from gsi_bench_builders.photos.engine import PhotoEngine
from gsi_bench_builders.photos.shot import take
from gsi_bench_builders.photos.sources.registry import open_photos
from gsi_bench_builders.scene import Camera, Light, Room, Scene, Support
from hostile.harness import Attack
from hostile.makers import damaged, mutated

__all__ = ["corpus_attacks"]


def _shoot() -> Shoot:
    things = (
        thing("table_1", "table", (0.0, 0.0, 0.375), (1.6, 0.9, 0.75), 5),
        thing("mug_1", "mug", (-0.4, -0.1, 0.82), (0.14, 0.12, 0.14), 30),
        thing("box_1", "box", (1.25, -0.7, 0.2), (0.4, 0.35, 0.4), 20),
    )
    cameras = [Camera.look_at((x, -3.2, 1.7), (0.0, 0.0, 0.55), 62, 160, 120) for x in (0.25, -0.6)]
    scene = Scene("k", things, Support("floor", "地板", (-4, 4), (-4, 4), 0.0), Room("flat", 0), Light(), cameras[0])
    return drawn(scene, cameras)


def _corpora(folder: Path) -> list[Path]:
    if h5py is None:
        HDF5.__spec__ = importlib.machinery.ModuleSpec("h5py", None)
        sys.modules["h5py"] = HDF5  # type: ignore[assignment]
    shoot = _shoot()
    return [
        write_folder(folder / "folder", [shoot], licence="cc0-1.0"),
        write_scannetpp(folder / "scannetpp", shoot, gap=2),
        write_scannetpp(folder / "whole", shoot, gap=2, depth="whole", mesh=False),
        write_arkitscenes(folder / "arkitscenes", shoot),
        write_objectron(folder / "objectron", shoot, things=("mug_1", "box_1"), video=False, gap=2),
        write_hypersim(folder / "hypersim", shoot),
        write_sunrgbd(folder / "sunrgbd", shoot),
    ]


def corpus_attacks(seed: int, count: int, folder: Path) -> Iterator[Attack]:
    """Corpora with one changed file: an error that names it, or photographs that edits can be asked of."""
    chance = random.Random(f"corpora {seed}")
    corpora = _corpora(folder / "sound")
    for number in range(count):
        sound = corpora[number % len(corpora)]
        place = folder / f"{seed}-{number}" / sound.name
        shutil.copytree(sound, place)
        file = chance.choice(sorted(p for p in place.rglob("*") if p.is_file()))
        if file.suffix == ".json" and chance.random() < 0.7:
            how, given = mutated(json.loads(file.read_text()), chance)
            for _ in range(chance.choice((0, 1, 2))):
                more, given = mutated(given, chance)
                how += f", {more}"
            data = json.dumps(given, default=repr).encode("utf-8", "surrogatepass")
        else:
            how, data = damaged(file.read_bytes(), chance)
        file.write_bytes(data)
        name = f"{sound.name}, {file.name}: {how} (seed {seed}, {number})"
        yield Attack(name, functools.partial(_taken, place), payload=data, seconds=20)


def _taken(folder: Path) -> int:
    """How many edits the first photograph of the first place is good for."""
    (source,) = open_photos([folder])
    capture = source.capture(source.captures()[0][0])
    frame = choose_frame(source, capture, 0, min(2, source.captures()[0][1]))
    scene, _ = take(capture, frame, source.pixels(capture, frame, 160))
    engine = PhotoEngine()
    engine.load(scene)
    assert Stage(scene, engine).nameable is not None
    edits, _ = propose_edits(scene, engine, np.random.default_rng(0), SETTINGS["photo"], count=1, kinds=("remove",))
    return len(edits)
