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


def measurable_words(counts: Mapping[tuple[str, bool], int]) -> str:
    """Such as "rotate 12 of 14"; empty where nothing is known.

    >>> measurable_words({("rotate", True): 12, ("rotate", False): 2})
    'rotate 12 of 14'
    """
    kinds = sorted({kind for kind, _ in counts})
    told = [(kind, counts.get((kind, True), 0), counts.get((kind, False), 0)) for kind in kinds]
    return ", ".join(f"{kind} {yes} of {yes + no}" for kind, yes, no in told)


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


def write_card(folder: Path, summaries: Mapping[str, SplitSummary], *, title: str = "GSI-Bench") -> str:
    """Writes `README.md` beside the data and returns the content hash."""
    from datasets import DatasetInfo  # noqa: PLC0415 - importing datasets takes seconds; reading samples needs none of it
    from datasets.info import DatasetInfosDict  # noqa: PLC0415
    from datasets.splits import SplitDict, SplitInfo  # noqa: PLC0415
    from datasets.utils.metadata import MetadataConfigs  # noqa: PLC0415
    from huggingface_hub import DatasetCardData  # noqa: PLC0415

    digest = content_hash(summaries)
    info = DatasetInfo(features=sample_features())
    info.splits = SplitDict()
    for name, summary in summaries.items():
        info.splits.add(SplitInfo(name=name, num_bytes=summary.num_bytes, num_examples=summary.rows))
    info.download_size = sum(s.download_bytes for s in summaries.values())
    info.dataset_size = sum(s.num_bytes for s in summaries.values())
    data = DatasetCardData(
        pretty_name=title,
        language=["en"],
        task_categories=["image-to-image"],
        tags=["image-editing", "spatial-intelligence", "benchmark"],
        size_categories=[_size_category(sum(s.rows for s in summaries.values()))],
        license=_licence(summaries),
    )
    DatasetInfosDict({"default": info}).to_dataset_card_data(data)
    # Exact splits and version, not patterns alone: both enter the cache key.
    files = [{"split": name, "path": f"data/{name}-*.parquet"} for name in summaries]
    MetadataConfigs({"default": {"version": card_version(digest), "data_files": files}}).to_dataset_card_data(data)
    data[_HASH_KEY] = {"content_hash": digest, "splits": {name: summary.sha256 for name, summary in summaries.items()}}
    text = f"---\n{data.to_yaml()}\n---\n\n{_body(summaries, digest, title)}"
    (folder / "README.md").write_text(text, encoding="utf-8", newline="\n")
    return digest


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


def _merged(rights: Mapping[tuple[str, str, str, str], int]) -> list[tuple[tuple[str, str, str, str], int]]:
    """Rights of equal origin, licence and redistributability on one line, with each creator of them once.

    Images made of many works have attributions of their own, joined by "; ": a line each would be one a scene.
    """
    rows: dict[tuple[str, str, str], int] = {}
    creators: dict[tuple[str, str, str], dict[str, None]] = {}
    for (origin, licence, redistributable, attribution), count in sorted(rights.items()):
        key = (origin, licence, redistributable)
        rows[key] = rows.get(key, 0) + count
        creators.setdefault(key, {}).update(dict.fromkeys(attribution.split("; ")))
    return [((*key, "; ".join(sorted(creators[key]))), count) for key, count in rows.items()]


def _body(summaries: Mapping[str, SplitSummary], digest: str, title: str) -> str:
    counts = "\n".join(
        f"| {name} | {s.rows} | {_words(s.operations)} | {_words(s.pixel_frames)} | {s.suspects} | {_cell(s.source or '–')} |"
        for name, s in summaries.items()
    )
    rights = "\n".join(
        f"| {name} | {' | '.join(_cell(c) for c in key)} | {n} |"
        for name, s in summaries.items()
        for key, n in _merged(s.rights)
    )
    withheld = "".join(
        f"\n\n**{s.withheld} samples of {name} come without their images**, which are not redistributable: their image "
        "columns are null. If you have the official archives, import them with `gsi-bench import`."
        for name, s in summaries.items()
        if s.withheld
    )
    measurable = "".join(
        f"\n\nEdits of {name} whose images show how much was done (`measurable`), of those looked at: {words}."
        for name, s in summaries.items()
        if (words := measurable_words(s.measurable))
    )
    first = next(iter(summaries))
    made = _MADE.format(rows=rows) if (rows := _made_rows(summaries)) else ""
    return _PAGE.format(
        title=title, counts=counts + measurable, rights=rights, digest=digest, first=first, withheld=withheld, made=made
    )


def _made_rows(summaries: Mapping[str, SplitSummary]) -> str:
    return "\n".join(
        f"| {name} | `{column}` | {_cell(source)} | {n} of {s.rows} |"
        for name, s in summaries.items()
        for (column, source), n in sorted(s.made.items())
    )


def _words(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {n}" for name, n in sorted(counter.items()))


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


_MADE = """## Added to the images

These columns did not come with the samples: `gsi-bench enrich` made them. Scores that rest on them say so.

| split | column | made by | samples |
| --- | --- | --- | --- |
{rows}

"""

_PAGE = """# {title}

Images, instructions such as "move the mug 15 cm to the left", and the boxes that say what obeying them means.

```python
from datasets import load_dataset

dataset = load_dataset("GSI-Bench/GSI-Bench")  # a folder of this name in the current directory wins over the Hub
sample = dataset["{first}"][0]
sample["image"], sample["prompt"], sample["original_bbox_3d"]
```

## Splits

| split | samples | operations | pixels of the camera matrix | suspicious goals | source |
| --- | --- | --- | --- | --- | --- |
{counts}

## Columns

Frames and units: OpenCV camera frame of the source view (x right, y down, z forward), metres, radians. Null means that the
source of a sample does not say.

| column | meaning |
| --- | --- |
| `id`, `img_id`, `query_id` | `<img_id>_edit_<query_id>` |
| `image`, `edited_image` | source view and ground-truth after-image, RGB, files byte for byte |
| `prompt`, `prompt_zh` | the instruction in English and Chinese |
| `target` | class name of the edited object |
| `original_bbox_3d`, `new_bbox_3d` | `[x, y, z, w, h, l, yaw]`: centre, full sizes, turn; before the edit, and the goal |
| `rotation_matrix`, `new_rotation_matrix` | object to camera, 3×3, before the edit, and the goal |
| `camera_intrinsics` | 3×3, in the pixels that `pixel_frame` names |
| `pixel_frame`, `pixel_frame_reason` | `source`, `reference896` (longer side 896, cropped to multiples of 14) or `unknown` |
| `operation` | what the words ask for, in numbers: kind, direction, `distance_m`, `angle_deg`, factor, ... |
| `goal_suspect` | why the stored goal may not be what the words ask for |
| `measurable` | whether source and right image show how much was done, by the true shape; null: not known |
| `depth` | 16-bit PNG, millimetres, 0 = unknown |
| `instance_mask`, `instance_mask_after` | 16-bit PNG of object numbers, 0 = background |
| `mask_source`, `depth_source` | who made the mask or the depth of a sample that came without; null where it came with it |
| `depth_residual` | of a made depth: its median error at the known boxes, as a share of the depth |
| `up`, `up_source` | unit vector against gravity in the camera frame, and who says so |
| `up_agreement_deg` | of an `up` that was found in boxes or lines: how far these lie off it, median, degrees |
| `objects` | every known object: id, category, box, rotation, symmetry, indistinguishable set |
| `objects_after` | the same in the after-image, in its own camera's frame |
| `scene_id` | samples of one scene are not independent |
| `origin`, `engine`, `engine_version`, `seed` | official, rebuilt or demo, and how it was made |
| `parent_id`, `variant`, `progress` | of graded and wrong versions of an edit: which edit, which version, how far along |
| `image_licence`, `redistributable`, `attribution` | rights in the images of this sample |
| `official_json`, `official_json_name` | the edit file of the reference layout, verbatim |

{made}## Origin and rights

| split | origin | licence of the images | redistributable | attribution | samples |
| --- | --- | --- | --- | --- | --- |
{rights}{withheld}

Scores on `official` samples may be compared with published ones; `rebuilt` and `demo` samples are other images.

Content hash: `{digest}`
"""
