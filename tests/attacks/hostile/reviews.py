"""Attacks on decisions of reviewers, a person's or a judge's: a file that is refused by name, or a dataset of known samples."""

from __future__ import annotations

import dataclasses
import functools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gsi_bench_dataset.records import EncodedImage, Sample
from gsi_bench_dataset.storage.shards import read_dataset, write_dataset
from gsi_bench_metric.judges.asking import Reply
from gsi_bench_metric.review.applying import apply_decisions
from gsi_bench_metric.review.decisions import FORMAT, LONGEST, VERSION, fingerprint, read_decisions
from gsi_bench_metric.review.opinion import OpinionQuestion, opinions_in
from hostile.harness import Attack, Outcome
from hostile.images import bases
from hostile.makers import BAD_TEXTS, BAD_VALUES, damaged, mutated
from hostile.records import sound_records

__all__ = ["decision_attacks", "opinion_attacks"]


@functools.cache
def samples() -> tuple[Sample, ...]:
    """Three of one source that can be decided on."""
    sample = dataclasses.replace(sound_records()[0], image=EncodedImage(bases()["PNG rgb"][1], "a.png"), edited_image=None)
    return tuple(
        dataclasses.replace(sample, id=f"{sample.img_id}_edit_{n}", query_id=str(n), official_json=None) for n in range(3)
    )


def sound_decisions() -> dict[str, Any]:
    """Keep, drop, and a note."""
    verdicts = ("keep", "drop", "keep")
    rows = {s.id: {"verdict": v, "seen": fingerprint(s), "note": "n"} for s, v in zip(samples(), verdicts, strict=True)}
    return {"format": FORMAT, "version": VERSION, "split": samples()[0].split, "reviewer": "judge:m", "decisions": rows}


def decision_attacks(seed: int, count: int, folder: Path) -> Iterator[Attack]:
    """Changed files of decisions, applied."""
    chance = random.Random(f"decisions {seed}")
    write_dataset({samples()[0].split: list(samples())}, folder / "data")
    for number in range(count):
        how, given = mutated(sound_decisions(), chance)
        for _ in range(chance.choice((0, 0, 1, 3))):
            more, given = mutated(given, chance)
            how += f", {more}"
        text = json.dumps(given, default=repr).encode("utf-8", "surrogatepass")
        if chance.random() < 0.2:
            more, text = damaged(text, chance)
            how += f", {more}"
        name = f"decisions: {how} (seed {seed}, {number})"
        yield Attack(name, functools.partial(_applied, folder / "data", folder / f"{seed}-{number}", text), payload=text)


def _applied(data: Path, place: Path, text: bytes) -> Any:
    """Applies a file; what it leaves must be samples of the dataset, and the dataset as it was."""
    place.mkdir()
    (place / "decisions.json").write_bytes(text)
    before = {s.id: s for s in read_dataset(data, samples()[0].split)}
    try:
        decisions = read_decisions(place / "decisions.json")
        apply_decisions(data, [decisions], place / "new", undecided="keep")
        left = {s.id: s for s in read_dataset(place / "new", samples()[0].split)}
    finally:
        after = {s.id: s for s in read_dataset(data, samples()[0].split)}
    dropped = {id_ for id_, d in decisions.by_id.items() if d.verdict == "drop"}
    if after != before:
        return Outcome("", "altered", "the dataset itself was changed")
    if set(left) != set(before) - dropped:
        return Outcome("", "altered", f"left {sorted(left)}, dropped {sorted(dropped)}")
    return None


def opinion_attacks(seed: int, count: int) -> Iterator[Attack]:
    """What a model may answer: an opinion, or none; never another than it says."""
    chance = random.Random(f"opinions {seed}")
    for number in range(count):
        plain = {"observations": "none", "unambiguous": chance.random() < 0.5, "possible": chance.random() < 0.5}
        how, given = mutated(plain, chance)
        text = json.dumps(given, default=repr)
        if chance.random() < 0.4:
            value = chance.choice((*BAD_TEXTS, *BAD_VALUES))
            text, how = (
                chance.choice((f"{value} {text}", f"<think>{text}", text * 300, f"{text[:-1]} {value}")),
                f"{how}, wrapped",
            )
        name = f"opinion: {how} (seed {seed}, {number})"
        yield Attack(name, functools.partial(_read, text), payload=text.encode("utf-8", "surrogatepass"))


def _read(text: str) -> Any:
    verdict = OpinionQuestion().read(Reply(text=text).text, samples()[0])
    found = opinions_in(text)
    if verdict.score is not None and {o.good for o in found} != {verdict.score > 5}:
        return Outcome("", "altered", f"{verdict} of {found}")
    if verdict.score is None and not (verdict.problem or "").strip():
        return Outcome("", "altered", "no score, and no reason")
    if any(len(o.observations) > len(text) for o in found) or LONGEST["note"] < 1:
        return Outcome("", "altered", "words that nobody said")
    return None
