"""Compares a training set with a test set: what of the one is in the other, and how that was found.

The test set is read once and kept in short (about 5 KB a scene); the training set passes by in batches of rows, however many
there are.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from gsi_bench_dataset.leakage.hashes import Look, NearImages, look_at
from gsi_bench_dataset.leakage.questions import Question, question_of, sentence_of, template_of
from gsi_bench_dataset.safety.images import DAMAGED
from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.storage.sample_files import DatasetError
from gsi_bench_dataset.storage.shards import read_columns

__all__ = ["COLUMNS", "KINDS", "MOST_LISTED", "Leakage", "Overlap", "compare_sets", "rows_of"]

# What counts as an overlap, and what it means.
KINDS = {
    "sample": "a sample of the same id",
    "scene": "a scene or photograph of the same id",
    "asset": "a model with the same key",
    "image": "a source image that looks the same",
    "mirrored image": "a source image that looks the same when mirrored",
    "question": "the same sentence about an object of the same name at the same place",
    "template": "a sentence of the same template (with --strict-templates)",
}
COLUMNS = ("id", "img_id", "scene_id", "image", "prompt", "target", "original_bbox_3d", "operation", "objects", "assets")
MOST_LISTED = 10_000  # overlaps that are kept with both ids; all are counted
_BATCH = 256  # images that are compared in one go

Row: TypeAlias = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Overlap:
    """Something that both sets have.

    Attributes:
        kind: of `KINDS`.
        train, test: ids of a sample of each that has it.
        what: the thing itself, in words.
    """

    kind: str
    train: str
    test: str
    what: str


@dataclasses.dataclass
class Leakage:
    """What the comparison found.

    Attributes:
        overlaps: the first `MOST_LISTED`.
        counts: kind -> how many there are.
        train, test: samples of each set.
        silent: what was not compared -> how many samples of "train" and "test" do not say it.
        shared: "sentences" and "templates" -> distinct ones of the test set that are in the training set too.
        distinct: "sentences" and "templates" -> distinct ones of the test set.
    """

    overlaps: list[Overlap] = dataclasses.field(default_factory=list)
    counts: Counter[str] = dataclasses.field(default_factory=Counter)
    train: int = 0
    test: int = 0
    silent: dict[str, Counter[str]] = dataclasses.field(default_factory=dict)
    shared: Counter[str] = dataclasses.field(default_factory=Counter)
    distinct: Counter[str] = dataclasses.field(default_factory=Counter)

    @property
    def clean(self) -> bool:
        """Whether there is no overlap."""
        return not self.counts

    def add(self, kind: str, train: str, test: str, what: str) -> None:
        """Notes an overlap."""
        self.counts[kind] += 1
        if len(self.overlaps) < MOST_LISTED:
            self.overlaps.append(Overlap(kind, train, test, what))

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "clean": self.clean,
            "samples": {"train": self.train, "test": self.test},
            "counts": dict(self.counts),
            "overlaps": [dataclasses.asdict(overlap) for overlap in self.overlaps],
            "not_compared": {what: dict(sides) for what, sides in self.silent.items()},
            "shared_words": {name: {"shared": self.shared[name], "of": n} for name, n in self.distinct.items()},
        }


@dataclasses.dataclass
class _Known:
    """The test set in short: each thing of it with a sample that has it."""

    ids: dict[str, str] = dataclasses.field(default_factory=dict)
    scenes: dict[str, str] = dataclasses.field(default_factory=dict)
    assets: dict[str, str] = dataclasses.field(default_factory=dict)
    questions: dict[Question, str] = dataclasses.field(default_factory=dict)
    sentences: dict[str, str] = dataclasses.field(default_factory=dict)
    templates: dict[str, str] = dataclasses.field(default_factory=dict)
    names: list[str] = dataclasses.field(default_factory=list)
    looks: list[Look] = dataclasses.field(default_factory=list)


def rows_of(folder: Path, splits: Sequence[str]) -> Iterator[Row]:
    """What is compared of the samples of a dataset folder."""
    for split in splits:
        yield from read_columns(folder, split, COLUMNS)


def compare_sets(train: Iterable[Row], test: Iterable[Row], *, strict_templates: bool = False) -> Leakage:
    """What a training set and a test set have in common.

    Args:
        train, test: rows with `COLUMNS`, each read once and in batches.
        strict_templates: whether a shared template is an overlap.

    Raises:
        DatasetError: an image cannot be read.
    """
    found = Leakage()
    known = _known(test, found)
    shared: dict[str, set[str]] = {"sentences": set(), "templates": set()}
    told: set[tuple[str, str]] = set()

    def tell(kind: str, key: str, train_id: str, test_id: str | None, what: str) -> None:
        """Once for each thing."""
        if test_id is not None and (kind, key) not in told:
            told.add((kind, key))
            found.add(kind, train_id, test_id, what)

    def with_rows() -> Iterator[Row]:
        for row in train:
            found.train += 1
            name, scene = row["id"], row["scene_id"] or row["img_id"]
            tell("sample", name, name, known.ids.get(name), "")
            tell("scene", scene, name, known.scenes.get(scene), scene)
            for key in row["assets"] or ():
                tell("asset", key, name, known.assets.get(key), key)
            _count_silent(row, "train", found)
            question, sentence, template = question_of(row), sentence_of(row["prompt"]), template_of(row)
            tell("question", repr(question), name, known.questions.get(question), row["prompt"])
            if sentence in known.sentences:
                shared["sentences"].add(sentence)
            if template in known.templates:
                shared["templates"].add(template)
                if strict_templates:
                    tell("template", template, name, known.templates[template], template)
            yield row

    near = NearImages(known.names, known.looks)
    for names, looks in _batches(_images(with_rows(), "training set")):
        for i, test_id, words, mirrored in near.near(looks):
            kind = "mirrored image" if mirrored else "image"
            found.add(kind, names[i], test_id, words)
    found.shared.update({name: len(texts) for name, texts in shared.items()})
    return found


def _known(test: Iterable[Row], found: Leakage) -> _Known:
    known = _Known()

    def with_rows() -> Iterator[Row]:
        for row in test:
            found.test += 1
            name = row["id"]
            known.ids.setdefault(name, name)
            known.scenes.setdefault(row["scene_id"] or row["img_id"], name)
            for key in row["assets"] or ():
                known.assets.setdefault(key, name)
            known.questions.setdefault(question_of(row), name)
            known.sentences.setdefault(sentence_of(row["prompt"]), name)
            known.templates.setdefault(template_of(row), name)
            _count_silent(row, "test", found)
            yield row

    for name, look in _images(with_rows(), "test set"):
        known.names.append(name)
        known.looks.append(look)
    found.distinct.update({"sentences": len(known.sentences), "templates": len(known.templates)})
    return known


def _count_silent(row: Row, side: str, found: Leakage) -> None:
    for what, column in (("images", "image"), ("keys of assets", "assets")):
        if row[column] is None:
            found.silent.setdefault(what, Counter())[side] += 1


def _images(rows: Iterable[Row], side: str) -> Iterator[tuple[str, Look]]:
    """(id of the first sample, look) of source images; samples that follow each other with the same file count once."""
    last = b""
    for row in rows:
        if row["image"] is None:
            continue
        data = row["image"]["bytes"]
        digest = hashlib.sha256(data).digest()
        if digest != last:
            last = digest
            try:
                yield row["id"], look_at(data)
            except DAMAGED as error:
                words = printable(str(error) or type(error).__name__)
                raise DatasetError(f"{side}: {printable(row['id'])}: its source image cannot be read: {words}") from error


def _batches(images: Iterator[tuple[str, Look]]) -> Iterator[tuple[list[str], list[Look]]]:
    names: list[str] = []
    looks: list[Look] = []
    for name, look in images:
        names.append(name)
        looks.append(look)
        if len(names) == _BATCH:
            yield names, looks
            names, looks = [], []
    if names:
        yield names, looks
