"""The dataset card: YAML that `load_dataset` and the Hub read, and a page that people read.

The `version` of the card is made of the content hash. For a local folder `datasets` takes its cache key from the card
alone, so with a constant version a changed dataset would silently load its old rows.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Protocol

from gsi_bench_dataset.records import MADE_BY, Operation, Sample, sample_features
from gsi_bench_dataset.safety.files import FileProblemError, read_text
from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.storage.card_page import measurable_words, page_of
from gsi_bench_dataset.storage.row_hash import sample_digest

__all__ = [
    "SplitSummary",
    "card_version",
    "content_hash",
    "made_of",
    "measurable_of",
    "measurable_words",
    "read_content_hash",
    "read_split_hashes",
    "write_card",
]

MAX_CARD_BYTES = 4 * 2**20
TITLE, TRAINING_TITLE = "GSI-Bench", "GSI-Bench training set"
TRAIN = "train"  # the split of each configuration of a training set

_HASH_KEY = "gsi_bench"
_ON_PAGE = re.compile(r"^Content hash: `([0-9a-f]{64})`$", re.MULTILINE)
# Rows per size category as the Hub names them.
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


@dataclasses.dataclass
class SplitSummary:
    """Counts and hash of one split, gathered while its samples pass by in id order."""

    split: str
    source: str | None = None
    rows: int = 0
    num_bytes: int = 0  # of the rows in Arrow
    download_bytes: int = 0  # of the files
    rights: Counter[tuple[str, str, str, str]] = dataclasses.field(default_factory=Counter)
    operations: Counter[str] = dataclasses.field(default_factory=Counter)
    pixel_frames: Counter[str] = dataclasses.field(default_factory=Counter)
    suspects: int = 0
    withheld: int = 0  # rows that come without their images
    training: int = 0  # rows of a training set
    made: Counter[tuple[str, str]] = dataclasses.field(default_factory=Counter)  # (column, who made it), where told
    measurable: Counter[tuple[str, bool]] = dataclasses.field(default_factory=Counter)  # (operation, so or not), where told

    def __post_init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, sample: Sample, leave_out: Collection[str] = ()) -> None:
        """Counts one sample and adds it to the hash; `leave_out`: fields that its row comes without."""
        self.count(sample, leave_out)
        self.take(sample_digest(sample, leave_out))

    def count(self, sample: Sample, leave_out: Collection[str] = ()) -> None:
        """Counts one sample without adding it to the hash."""
        self.rows += 1
        self.rights[rights_of(sample)] += 1
        self.operations[sample.operation.kind if sample.operation else "not understood"] += 1
        self.pixel_frames[sample.pixel_frame] += 1
        self.suspects += sample.goal_suspect is not None
        self.withheld += bool(leave_out)
        self.training += sample.training is True
        self.made.update(made_of(sample))
        self.measurable.update(measurable_of(sample))

    def take(self, digests: bytes) -> None:
        """Adds the digests of samples to the hash, in id order."""
        self._hash.update(digests)

    def merge(self, part: SplitSummary) -> None:
        """Adds the counts of further samples, which `count` gathered."""
        self.rows += part.rows
        self.suspects += part.suspects
        self.withheld += part.withheld
        self.training += part.training
        for name in ("rights", "operations", "pixel_frames", "made", "measurable"):
            getattr(self, name).update(getattr(part, name))

    @property
    def sha256(self) -> str:
        """Hash of all rows in order."""
        return self._hash.hexdigest()


def content_hash(summaries: Mapping[str, SplitSummary]) -> str:
    """Hash of a dataset: of its splits by name, whatever their order or how they are cut into files."""
    return _combined({name: summary.sha256 for name, summary in summaries.items()})


def card_version(digest: str) -> str:
    """`1.0.<number>`, the number being the first eight hex digits of the content hash: `datasets` asks for x.y.z.

    >>> card_version("0000000aff")
    '1.0.10'
    """
    return f"1.0.{int(digest[:8], 16)}"


def rights_of(sample: Sample) -> tuple[str, str, str, str]:
    """(origin, licence, redistributable, attribution) in words."""
    redistributable = {None: "unknown", True: "yes", False: "no"}[sample.redistributable]
    return sample.origin, sample.image_licence or "unknown", redistributable, sample.attribution or "–"


class TellsMeasurable(Protocol):
    """What says whether its images show how much was done: a sample, or the part of it without images."""

    @property
    def operation(self) -> Operation | None: ...
    @property
    def measurable(self) -> bool | None: ...


def measurable_of(sample: TellsMeasurable) -> list[tuple[str, bool]]:
    """(operation, whether it can be measured) of a sample that says so; nothing of others."""
    if sample.measurable is None:
        return []
    return [("not understood" if sample.operation is None else sample.operation.kind, sample.measurable)]


class TellsMaker(Protocol):
    """What says who made its columns: a sample, or the part of it without images."""

    @property
    def mask_source(self) -> str | None: ...
    @property
    def depth_source(self) -> str | None: ...
    @property
    def up_source(self) -> str | None: ...
    @property
    def up_agreement_deg(self) -> float | None: ...


def made_of(sample: TellsMaker) -> list[tuple[str, str]]:
    """(column, who made it) of what was added to a sample that did not come with it.

    A gravity counts where it is known how well its witnesses agree: found in the image or the boxes, not given.
    """
    made = [(column, getattr(sample, source)) for source, column in MADE_BY.items()]
    made += [("up", sample.up_source)] if sample.up_agreement_deg is not None else []
    return [(column, source) for column, source in made if source is not None]


def write_card(folder: Path, summaries: Mapping[str, SplitSummary], *, title: str = TITLE) -> str:
    """Writes `README.md` beside the data and returns the content hash."""
    from datasets import DatasetInfo  # noqa: PLC0415 - importing datasets takes seconds; reading samples needs none of it
    from datasets.info import DatasetInfosDict  # noqa: PLC0415
    from datasets.splits import SplitDict, SplitInfo  # noqa: PLC0415
    from datasets.utils.metadata import MetadataConfigs  # noqa: PLC0415
    from huggingface_hub import DatasetCardData  # noqa: PLC0415

    digest = content_hash(summaries)
    training = any(s.training for s in summaries.values())
    title = TRAINING_TITLE if training and title == TITLE else title
    configs = _configs(summaries, training=training)
    infos = {config: DatasetInfo(features=sample_features()) for config in configs}
    for config, splits in configs.items():
        infos[config].splits = SplitDict()
        for split, summary in splits.items():
            infos[config].splits.add(SplitInfo(name=split, num_bytes=summary.num_bytes, num_examples=summary.rows))
        infos[config].download_size = sum(s.download_bytes for s in splits.values())
        infos[config].dataset_size = sum(s.num_bytes for s in splits.values())
    data = DatasetCardData(
        pretty_name=title,
        language=["en"],
        task_categories=["image-to-image"],
        tags=["image-editing", "spatial-intelligence", "training-set" if training else "benchmark"],
        size_categories=[_size_category(sum(s.rows for s in summaries.values()))],
        license=_licence(summaries),
    )
    DatasetInfosDict(infos).to_dataset_card_data(data)
    # Exact splits and version, not patterns alone: both enter the cache key.
    files = {
        config: [{"split": split, "path": f"data/{s.split}-*.parquet"} for split, s in splits.items()]
        for config, splits in configs.items()
    }
    versions = {config: {"version": card_version(digest), "data_files": listed} for config, listed in files.items()}
    MetadataConfigs(versions).to_dataset_card_data(data)
    data[_HASH_KEY] = {"content_hash": digest, "splits": {name: summary.sha256 for name, summary in summaries.items()}}
    text = f"---\n{data.to_yaml()}\n---\n\n{page_of(summaries, digest, title)}"
    (folder / "README.md").write_text(text, encoding="utf-8", newline="\n")
    return digest


def _configs(summaries: Mapping[str, SplitSummary], *, training: bool) -> dict[str, dict[str, SplitSummary]]:
    """Configuration -> its splits, as `load_dataset` names both.

    Of a training set each recipe is a configuration of its own with the split `train`: who asks it for a test split by its
    name gets an error.
    """
    if not training:
        return {"default": dict(summaries)}
    return {name: {TRAIN: summary} for name, summary in summaries.items()}


def read_content_hash(folder: Path) -> str | None:
    """The content hash that a card states; None for a card that was not written by this package.

    Raises:
        FileProblemError: the card cannot be read, or contradicts itself.
    """
    return read_split_hashes(folder)[0]


def read_split_hashes(folder: Path) -> tuple[str | None, dict[str, str]]:
    """The content hash that a card states, and that of each split; nothing for a card that was not written by this package.

    Cards of older releases state the first alone.

    Raises:
        FileProblemError: the card cannot be read, or contradicts itself.
    """
    import yaml  # noqa: PLC0415

    path = folder / "README.md"
    try:
        text = read_text(path, MAX_CARD_BYTES)
        parts = text.split("---\n", 2)
        front = yaml.safe_load(parts[1]) if len(parts) == 3 else None
    except FileNotFoundError:
        return None, {}
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, FileProblemError):
            raise
        raise FileProblemError(f"{path}: expected YAML between two lines ---, found other text ({_line(error)})") from error
    ours = front.get(_HASH_KEY) if isinstance(front, dict) else None
    on_page = _ON_PAGE.search(text)  # said twice, so that damage to either is noticed
    if not isinstance(ours, dict) or "content_hash" not in ours:
        if on_page:
            raise FileProblemError(f"{path}: damaged: its page states a content hash, its YAML none under {_HASH_KEY}")
        return None, {}
    digest, splits = ours["content_hash"], ours.get("splits") or {}
    if not isinstance(splits, dict) or not all(_is_hash(value) for value in (digest, *splits.values())):
        raise FileProblemError(f"{path}: expected SHA-256 hashes in 64 hexadecimal digits under {_HASH_KEY}, found others")
    states = [_combined({str(name): value for name, value in splits.items()})] if splits else []
    states += [on_page[1]] if on_page else []
    if set(states) - {digest}:
        raise FileProblemError(f"{path}: damaged: it states the content hashes {', '.join(sorted({digest, *states}))}")
    return digest, {str(name): value for name, value in splits.items()}


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def _combined(splits: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(dict(splits), sort_keys=True).encode("ascii")).hexdigest()


def _line(error: BaseException) -> str:
    return printable(" ".join(str(error).split()) or type(error).__name__)


def _size_category(rows: int) -> str:
    return next((name for limit, name in _SIZES if rows < limit), "n>1M")


def _licence(summaries: Mapping[str, SplitSummary]) -> str:
    """The card's licence: that of the images where they all share one that the Hub knows, else 'other' or 'unknown'."""
    licences = {licence for s in summaries.values() for _, licence, _, _ in s.rights}
    if licences == {"unknown"}:
        return "unknown"
    if len(licences) == 1 and (only := licences.pop().lower()) in ("mit", "apache-2.0", "cc-by-4.0", "cc0-1.0"):
        return only
    return "other"
