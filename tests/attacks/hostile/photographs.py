"""Attacks on what is read of photographs: pairs whose outcome is known, and notes on own ones."""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gsi_bench_metric.photos.markers.notes import read_notes
from gsi_bench_metric.photos.pairs import load_pairs
from gsi_bench_metric.photos.questions import questions_of, sample_of, words_of
from hostile.harness import Attack
from hostile.images import bases
from hostile.makers import damaged, mutated

__all__ = ["photograph_attacks", "sound_notes", "sound_pair"]

_LEVEL = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
_CAMERAS = (
    {"intrinsics": [[60.0, 0.0, 16.0], [0.0, 60.0, 12.0], [0.0, 0.0, 1.0]], "up": [0.0, -1.0, 0.0]},
    {"focal_mm": 26.0, "pitch_deg": 30.0, "height_m": 0.5},
)
_TRUTHS: tuple[dict[str, Any], ...] = (
    {"done": "nothing"},
    {"done": "moved", "step_m": [0.1, 0.2, 0.0], "turn_deg": 20.0},
    {"done": "turned", "turn_deg": -90.0},
    {"done": "scaled", "factor": 0.5},
    {"done": "copied", "step_m": [0.1, 0.0, 0.0]},
)


def sound_pair(number: int = 0) -> dict[str, Any]:
    """A pair with nearly all keys; every second one stands in a rectangle."""
    box = {"box": [0.0, 0.1, 2.0, 0.4, 0.3, 0.2, 0.2], "rotation": _LEVEL}
    marked = {"rectangle": [8.0, 8.0, 20.0, 20.0], "shape": {"depth_share": 1.0, "turn_deg": 20.0, "height_m": 0.1}}
    return {
        "id": "a", "kind": "k", "source": "a.png", "edited": "a.png", "name": "mug", "symmetry": "4-fold",
        **(marked if number % 2 else box), "others": [{"name": "can", **box}], "camera": _CAMERAS[number % 2],
        "truth": _TRUTHS[number % len(_TRUTHS)], "known_faults": {"move": "why"}, "licence": "CC0", "attribution": "me",
        "questions": [{"name": "q", "operation": "move", "passes": False, "says": ["lost"], "step_m": [0.1, 0.0, 0.0]}],
        "origin": {"repository": "a/b", "commit": "c", "source": "a", "edited": "b"},
    }  # fmt: skip


def sound_notes() -> dict[str, Any]:
    """Notes on own photographs with nearly all keys."""
    sizes = {"width_m": 0.1, "height_m": 0.1, "depth_m": 0.1, "symmetry": "none"}
    places = {"can": {"before": [0.1, 0.2, 3.0], "after": [0.2, 0.2, 3.0]}}
    return {
        "licence": "CC0",
        "attribution": "me",
        "objects": {"mug": {"card": 100, **sizes}, "can": sizes},
        "pairs": [{"id": "a", "before": "a.png", "after": "a.png", "object": "can", "places": places, "done": "moved"}],
    }


def photograph_attacks(seed: int, count: int, folder: Path) -> Iterator[Attack]:
    """Changed pairs and notes: an error that names them, or ones that every question can be asked of."""
    chance = random.Random(f"photographs {seed}")
    picture = bases()["PNG rgb"][1]
    for number in range(count):
        notes = number % 4 == 3
        plain = sound_notes() if notes else sound_pair(number)
        if number % 8 < 4:
            plain = {name: value for name, value in plain.items() if name != "questions"}
        how, given = mutated(plain, chance)
        for _ in range(chance.choice((0, 0, 1, 3))):
            more, given = mutated(given, chance)
            how += f", {more}"
        text = json.dumps(given, default=repr).encode("utf-8", "surrogatepass")
        if chance.random() < 0.2:
            more, text = damaged(text, chance)
            how += f", {more}"
        place = folder / f"{seed}-{number}"
        place.mkdir(parents=True)
        (place / "a.png").write_bytes(picture)
        (place / ("set.json" if notes else "pair.json")).write_bytes(text)
        name = f"{'notes' if notes else 'pair'}: {how} (seed {seed}, {number})"
        yield Attack(name, functools.partial(read_notes if notes else _asked, place), payload=text)


def _asked(folder: Path) -> list[str]:
    """Every question of every pair, as the samples that are scored."""
    asked = []
    for pair in load_pairs(folder):
        for question in questions_of(pair):
            asked.append(words_of(pair.target.name, question))
            if pair.absent is None:
                sample_of(pair, question)
    return asked
