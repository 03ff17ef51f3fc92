"""The page of a dataset card that people read: what the splits hold, what the columns mean, whose the images are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gsi_bench_dataset.storage.card import SplitSummary

__all__ = ["measurable_words", "page_of"]


def measurable_words(counts: Mapping[tuple[str, bool], int]) -> str:
    """Such as "rotate 12 of 14"; empty where nothing is known.

    >>> measurable_words({("rotate", True): 12, ("rotate", False): 2})
    'rotate 12 of 14'
    """
    kinds = sorted({kind for kind, _ in counts})
    told = [(kind, counts.get((kind, True), 0), counts.get((kind, False), 0)) for kind in kinds]
    return ", ".join(f"{kind} {yes} of {yes + no}" for kind, yes, no in told)


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


def page_of(summaries: Mapping[str, SplitSummary], digest: str, title: str) -> str:
    """Markdown."""
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
    training = any(s.training for s in summaries.values())
    head = (_TRAINING_HEAD if training else _HEAD).format(first=first)
    made = _MADE.format(rows=rows) if (rows := _made_rows(summaries)) else ""
    return _PAGE.format(
        title=title,
        head=head,
        counts=counts + measurable,
        rights=rights,
        digest=digest,
        withheld=withheld,
        made=made,
        scores=_TRAINING_SCORES if training else _SCORES,
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

_HEAD = """Images, instructions such as "move the mug 15 cm to the left", and the boxes that say what obeying them means.

```python
from datasets import load_dataset

dataset = load_dataset("GSI-Bench/GSI-Bench")  # a folder of this name in the current directory wins over the Hub
sample = dataset["{first}"][0]
sample["image"], sample["prompt"], sample["original_bbox_3d"]
```
"""

_TRAINING_HEAD = """**A training set.** Images, instructions such as "move the mug 15 cm to the left", the image after the edit,
and the truth about both. Its scenes are in no test split; what was held out from it stands under "source" below.

```python
from datasets import load_dataset

pairs = load_dataset("GSI-Bench/GSI-Bench-train", "{first}", split="train")
pairs[0]["image"], pairs[0]["prompt"], pairs[0]["edited_image"]
```

Never mirror these images while training: left would become right, and the words stay as they are.
"""

_SCORES = "Scores on `official` samples may be compared with published ones; `rebuilt` and `demo` samples are other images."
_TRAINING_SCORES = "Scores on a training set are no results of the benchmark."

_PAGE = """# {title}

{head}
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
| `assets` | keys of the models that stand in the scene, sorted |
| `training` | true: of a training set; null: of a test split |
| `origin`, `engine`, `engine_version`, `seed` | official, rebuilt or demo, and how it was made |
| `parent_id`, `variant`, `progress` | of graded and wrong versions of an edit: which edit, which version, how far along |
| `image_licence`, `redistributable`, `attribution` | rights in the images of this sample |
| `official_json`, `official_json_name` | the edit file of the reference layout, verbatim |

{made}## Origin and rights

| split | origin | licence of the images | redistributable | attribution | samples |
| --- | --- | --- | --- | --- | --- |
{rights}{withheld}

{scores}

Content hash: `{digest}`
"""
