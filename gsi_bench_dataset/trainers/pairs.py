"""Training pairs out of samples: which samples give one, and how both images are brought to sizes that trainers take."""

from __future__ import annotations

import dataclasses
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from gsi_bench_dataset.records import EncodedImage, Sample
from gsi_bench_dataset.safety.images import DAMAGED, open_image, orientation_of, upright
from gsi_bench_dataset.storage.card import rights_of
from gsi_bench_dataset.storage.sample_files import iter_rows, to_sample
from gsi_bench_dataset.storage.shards import shard_files
from gsi_bench_dataset.trainers.form import Pair
from gsi_bench_dataset.variants import AFTER

__all__ = ["LANGUAGES", "STEP", "Account", "Wanted", "fitted", "pairs_of"]

STEP = 16  # trainers take widths and heights that are multiples of it
LANGUAGES = ("en", "zh", "both")
_MANY = 1_000_000  # ids of what is left out are kept up to here


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What is asked of an export.

    Attributes:
        language: of `LANGUAGES`.
        max_side: of the longer side, pixels; larger images are made smaller. None: they stay.
        drop_restricted: whether samples that are not known to be redistributable are left out.
    """

    language: str = "en"
    max_side: int | None = None
    drop_restricted: bool = False

    @property
    def languages(self) -> tuple[str, ...]:
        """ "en", "zh", in this order."""
        return LANGUAGES[:2] if self.language == "both" else (self.language,)


@dataclasses.dataclass
class Account:
    """What became of the samples.

    Attributes:
        pairs: that were made.
        left_out: reason -> ids of the samples that gave none.
        sizes: (width, height) of both images of a pair -> how many.
        shapes: "as they were", "cropped" or "made smaller" -> how many pairs.
        rights: see `card.rights_of`, of the samples that gave a pair.
        splits: of these.
        tests: how many of these are of no training set.
        restricted: how many of these are not known to be redistributable.
    """

    pairs: int = 0
    left_out: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    sizes: Counter[tuple[int, int]] = dataclasses.field(default_factory=Counter)
    shapes: Counter[str] = dataclasses.field(default_factory=Counter)
    rights: Counter[tuple[str, str, str, str]] = dataclasses.field(default_factory=Counter)
    splits: Counter[str] = dataclasses.field(default_factory=Counter)
    tests: int = 0
    restricted: int = 0

    @property
    def largest(self) -> tuple[int, int]:
        """Width and height of the largest image."""
        return max(self.sizes, key=lambda size: size[0] * size[1], default=(0, 0))

    def leave_out(self, sample_id: str, reason: str) -> None:
        """Counts a sample that gives no pair."""
        ids = self.left_out.setdefault(reason, [])
        if len(ids) < _MANY:
            ids.append(sample_id)

    def add(self, pair: Pair, shape: str) -> None:
        """Counts a pair."""
        self.pairs += 1
        self.sizes[pair.size] += 1
        self.shapes[shape] += 1
        self.rights[rights_of(pair.sample)] += 1
        self.splits[pair.sample.split] += 1
        self.tests += pair.sample.training is not True
        self.restricted += pair.sample.redistributable is not True


def pairs_of(folder: Path, splits: Sequence[str], wanted: Wanted, account: Account) -> Iterator[Pair | None]:
    """The pair of each sample of a dataset folder, None where it gives none; `account` says why, and grows.

    Raises:
        DatasetError: a shard is missing, damaged or foreign.
        RecordError: a row that is no sample.
    """
    for split in splits:
        for file, row in iter_rows(shard_files(folder, split), None):
            if row.get("image") is None:
                account.leave_out(str(row["id"]), "comes without its images, which are not redistributable")
                yield None
                continue
            sample = to_sample(row, file)
            made = _pair(sample, account.pairs, wanted)
            if isinstance(made, str):
                account.leave_out(sample.id, made)
                yield None
            else:
                account.add(*made)
                yield made[0]


def _pair(sample: Sample, number: int, wanted: Wanted) -> tuple[Pair, str] | str:
    """A pair and what was done to its images, or why there is none."""
    if sample.edited_image is None:
        return "has no image after the edit"
    if sample.variant not in (None, AFTER):
        return "its image after the edit shows another outcome than the right one (variant)"
    if sample.goal_suspect is not None:
        return "its goal may not be what its words ask for (goal_suspect)"
    if wanted.drop_restricted and sample.redistributable is not True:
        return "is not known to be redistributable (--drop-restricted)"
    words = {"en": sample.prompt, "zh": sample.prompt_zh}
    if lacking := [language for language in wanted.languages if not words[language]]:
        return f"has no instruction in {lacking[0]}"
    try:
        fitting = fitted(sample.image, sample.edited_image, wanted.max_side)
    except DAMAGED as error:
        return f"an image of it is damaged ({type(error).__name__})"
    if isinstance(fitting, str):
        return fitting
    source, target, size, shape = fitting
    return Pair(number, sample, source, target, size, {name: str(words[name]) for name in wanted.languages}), shape


def fitted(source: EncodedImage, target: EncodedImage, max_side: int | None) -> tuple[bytes, bytes, tuple[int, int], str] | str:
    """Both images as PNG of one size, its sides multiples of `STEP`, the size, and what was done; or why that is not possible.

    Both are treated alike: made smaller by one factor where they are larger than asked for, then cut at opposite edges by 15
    pixels in all at most. Nothing is stretched or turned, so that what is left stays left, and lengths keep their proportions.

    Raises:
        DAMAGED: one of them cannot be decoded.
    """
    images = [_opened(image) for image in (source, target)]
    (width, height), other = (image.size for image in images)
    if other != (width, height):
        return f"its two images differ in size: {width}×{height} and {other[0]}×{other[1]}"
    factor = min(1.0, max_side / max(width, height)) if max_side else 1.0
    scaled = (round(width * factor), round(height * factor))
    size = (scaled[0] // STEP * STEP, scaled[1] // STEP * STEP)
    if min(size) == 0:
        return f"its images would be smaller than {STEP} pixels"
    if size == (width, height):
        made = [_as_it_was(e, i) for e, i in zip((source, target), images, strict=True)]
        return made[0], made[1], size, "as they were"
    left, top = ((have - want) // 2 for have, want in zip(scaled, size, strict=True))
    window = (left, top, left + size[0], top + size[1])
    if factor < 1:
        images = [image.resize(scaled, Image.Resampling.LANCZOS) for image in images]
    cut = [_png(image.crop(window)) for image in images]
    return cut[0], cut[1], size, "made smaller" if factor < 1 else "cropped"


def _opened(encoded: EncodedImage) -> Image.Image:
    """Upright, RGB, decoded."""
    image = open_image(encoded.bytes)
    image.load()
    found = upright(image)
    return found if found.mode == "RGB" else found.convert("RGB")


def _as_it_was(encoded: EncodedImage, image: Image.Image) -> bytes:
    """The file itself where it is a plain PNG, else the pixels as one."""
    with open_image(encoded.bytes) as stored:
        plain = stored.format == "PNG" and stored.mode == "RGB" and orientation_of(stored) == 1
    return encoded.bytes if plain else _png(image)


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
