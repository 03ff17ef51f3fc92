"""The images of an edit as they were scored: a file that changed since is never shown in the place of the one that was."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from gsi_bench_dataset.records import EncodedImage, Prediction, Sample
from gsi_bench_dataset.safety.files import FileProblemError, printable_path, read_regular
from gsi_bench_dataset.safety.system import system_problem
from gsi_bench_metric.imaging.images import RGB, ImageError, load_rgb
from gsi_bench_metric.run.keys import content_of

__all__ = ["CHANGED", "SAMPLE_CHANGED", "ScoredImage", "ScoredImages", "scored_images"]

CHANGED = "this file has changed since it was scored; not shown"
SAMPLE_CHANGED = "this sample of the dataset has changed since it was scored; not shown"


@dataclasses.dataclass(frozen=True)
class ScoredImage:
    """The pixels, or why there are none to show."""

    rgb: RGB | None
    why: str = ""


@dataclasses.dataclass(frozen=True)
class ScoredImages:
    """What a card shows. `truth`: None where the sample has none."""

    source: ScoredImage
    edited: ScoredImage
    truth: ScoredImage | None


def scored_images(
    sample: Sample, prediction: Prediction | None, made_of: Mapping[str, str] | None
) -> tuple[ScoredImages, str | None]:
    """The images of an edit, and what changed of the sample itself since (None: nothing).

    Args:
        sample: as the dataset holds it now.
        prediction: as the editor's folder holds it now; None: it is gone.
        made_of: what the score's record says that it was made of; None: there is no record, and nothing can be compared.
    """
    known = made_of or {}
    # The record of an older release says less; what it does not say cannot be held against it.
    same = "content" not in known or content_of(sample) == known["content"]
    images = ScoredImages(
        _decoded(sample.image, known.get("source")),
        _edited(prediction, known.get("edited")),
        None if sample.edited_image is None else _decoded(sample.edited_image, known.get("after")),
    )
    return images, None if same else SAMPLE_CHANGED


def _edited(prediction: Prediction | None, sha256: str | None) -> ScoredImage:
    if prediction is None:
        return ScoredImage(None, "there is no image of this sample any more" if sha256 else "there is no image of this sample")
    if prediction.image is not None:
        return _decoded(prediction.image, sha256)
    path = prediction.path or ""
    try:
        data = read_regular(path)
    except FileNotFoundError:
        return ScoredImage(None, f"{printable_path(path)}: this file is gone since it was scored")
    except (FileProblemError, OSError) as error:
        return ScoredImage(None, str(system_problem(error) or error))
    return _decoded(EncodedImage(data, path), sha256)


def _decoded(image: EncodedImage, sha256: str | None) -> ScoredImage:
    if sha256 is not None and image.sha256 != sha256:
        return ScoredImage(None, CHANGED)
    try:
        return ScoredImage(load_rgb(image))
    except ImageError as error:
        return ScoredImage(None, str(error))
