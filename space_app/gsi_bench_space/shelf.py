"""The samples that a visitor picks from, and edited images that lie ready for each."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from PIL import Image

from gsi_bench_dataset import variants as names
from gsi_bench_dataset.records import OPERATIONS, EncodedImage, Sample
from gsi_bench_dataset.storage.shards import DatasetError, read_dataset, split_names, split_sizes
from gsi_bench_dataset.variants import variants_folder
from gsi_bench_metric.editors.baselines import BASELINES

__all__ = ["EMBEDDED", "MOST_SAMPLES", "VARIANTS", "Shelf", "png"]

EMBEDDED = Path(str(resources.files(__package__) / "data" / "GSI-Bench"))
MOST_SAMPLES = 2000  # images of a whole split stay in memory
_MADE_HERE = ("copy", "paste")  # of BASELINES: what a visitor learns from; the after-image comes from the sample itself
# Of the variants that builders draw those that teach a visitor something, in the order in which they are offered.
VARIANTS = (
    names.grade_name(0.4),
    names.grade_name(0.8),
    names.OVERSHOOT,
    names.OPPOSITE,
    names.DUPLICATE,
    names.TOPPLED,
    names.STRETCHED,
    names.REMOVED,
    names.REPLACED,
    names.WRONG_OBJECT,
    names.RELIT,
    names.RETEXTURED,
)


@dataclasses.dataclass(frozen=True)
class Shelf:
    """Samples by id, in their order, and by sample id the variants that were rendered of it: name -> image."""

    samples: Mapping[str, Sample]
    variants: Mapping[str, Mapping[str, EncodedImage]]

    @classmethod
    def read(cls, data: Path | str = EMBEDDED, revision: str | None = None) -> Shelf:
        """All splits of a dataset, and the variants beside it (`<data>-variants`) where there are any.

        Raises:
            DatasetError, FileNotFoundError: no dataset, one that is damaged, or more samples than an app should hold.
        """
        total = sum(split_sizes(data, revision).values())
        if total > MOST_SAMPLES:
            raise DatasetError(
                f"{data}: {total} samples, and the app holds up to {MOST_SAMPLES} in memory; build or import a smaller dataset"
            )
        samples = {s.id: s for split in split_names(data, revision) for s in read_dataset(data, split, revision)}
        beside = variants_folder(Path(data))
        variants: dict[str, dict[str, EncodedImage]] = {}
        if beside.is_dir():
            for split in split_names(beside):
                for row in read_dataset(beside, split):
                    if row.parent_id and row.variant in VARIANTS and row.edited_image is not None:
                        variants.setdefault(row.parent_id, {})[row.variant] = row.edited_image
        return cls(samples, variants)

    def ids(
        self, operation: str | None = None, split: str | None = None, words: str = "", target: str | None = None
    ) -> list[str]:
        """Ids of the samples of an operation, split and object (None: any) with all the words in id, target or instruction."""
        wanted = words.casefold().split()

        def fits(sample: Sample) -> bool:
            text = " ".join((sample.id, sample.target, sample.prompt, sample.prompt_zh or "")).casefold()
            kind = sample.operation.kind if sample.operation else None
            asked = ((operation, kind), (split, sample.split), (target, sample.target))
            return all(one in (None, own) for one, own in asked) and all(word in text for word in wanted)

        return [i for i, sample in self.samples.items() if fits(sample)]

    @property
    def operations(self) -> Sequence[str]:
        """Those that samples ask for, in the benchmark's order."""
        kinds = {s.operation.kind for s in self.samples.values() if s.operation}
        return [kind for kind in OPERATIONS if kind in kinds]

    @property
    def targets(self) -> Sequence[str]:
        """Names of the objects that edits are about, from a to z."""
        return sorted({s.target for s in self.samples.values() if s.target}, key=lambda name: (name.casefold(), name))

    @property
    def splits(self) -> Sequence[str]:
        """Those that hold samples."""
        return list(dict.fromkeys(s.split for s in self.samples.values()))

    def examples(self, sample_id: str) -> list[str]:
        """Names of the images that lie ready for a sample."""
        sample = self.samples[sample_id]
        after = ["after"] if sample.edited_image is not None else []
        drawn = self.variants.get(sample_id, {})
        return [*after, *_MADE_HERE, *(name for name in VARIANTS if name in drawn)]

    def example(self, sample_id: str, name: str) -> EncodedImage:
        """An image that lies ready, as a file.

        Raises:
            KeyError: no such image.
        """
        sample = self.samples[sample_id]
        if name == "after" and sample.edited_image is not None:
            return sample.edited_image
        if name in _MADE_HERE:
            return png(BASELINES[name](sample), f"{name}.png")
        return self.variants[sample_id][name]


def png(rgb: object, name: str) -> EncodedImage:
    """RGB uint8 (H, W, 3) as a PNG file: nothing of the pixels is lost."""
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "PNG")  # type: ignore[arg-type]
    return EncodedImage(stream.getvalue(), name)
