"""The Editor protocol: what generating asks of an editor."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from PIL import Image

from gsi_bench_dataset.reads import Reads
from gsi_bench_dataset.records import Sample
from gsi_bench_dataset.safety.images import DAMAGED, MAX_PIXELS, TooManyPixelsError, open_image, require_format
from gsi_bench_dataset.safety.keys import clean
from gsi_bench_metric.imaging.images import rgb_of

__all__ = ["EditError", "EditRequest", "Editor", "EditorError", "EditorOptions", "as_picture", "png_bytes", "words_of"]


class EditorError(ValueError):
    """An editor that cannot be used at all as asked: the work stops."""


class EditError(ValueError):
    """One edit that failed (refused, no image in the answer): the others go on."""


@dataclasses.dataclass(frozen=True)
class EditRequest:
    """One edit. `image`: the source in RGB, at its own size; `seed`: 0 … 2³¹ − 1, the same for a sample in every run.

    `sample` has its image and the fields that the editor names in `reads`, and no others.
    """

    sample: Sample
    image: Image.Image
    prompt: str
    seed: int


@dataclasses.dataclass(frozen=True)
class EditorOptions:
    """What an editor may need. `settings` go to the pipeline's call, the endpoint's body or the function as they are."""

    model: str | None = None
    model_revision: str | None = None
    base_url: str | None = None
    key_env: str | None = None  # the variable with the endpoint's key; None: as `safety.keys.access` says
    device: str = "cpu"
    dtype: str | None = None
    concurrency: int = 4
    timeout: float = 300.0  # seconds an endpoint may take
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class Editor(Protocol):
    """Edits images. `edit` is called by as many threads as `concurrency` says.

    One that finds out while it works that some of its settings are not taken names them in an attribute `left_out`.
    """

    name: str
    settings: Mapping[str, Any]  # JSON: everything that its images depend on beside the request; no secrets
    concurrency: int
    reads: Reads  # the fields of the sample that it looks at beside image, prompt and seed

    def edit(self, request: EditRequest) -> Image.Image:
        """The edited image, at the size that the editor gives.

        Raises:
            EditError: this one failed.
            EditorError: none will succeed.
        """
        ...


def as_picture(value: Any, whose: str) -> Image.Image:
    """An image from what an editor gave: a PIL image, encoded bytes, or RGB uint8 (H, W, 3).

    Raises:
        EditError: it is no image.
    """
    if isinstance(value, (bytes, bytearray)):
        try:
            with open_image(value, most=MAX_PIXELS) as opened:
                return Image.fromarray(rgb_of(opened))
        except TooManyPixelsError as error:
            raise EditError(f"{whose}: {error}") from error
        except DAMAGED as error:
            raise EditError(f"{whose}: {len(value)} bytes that are no readable image ({clean(error)[:200]})") from error
    if isinstance(value, Image.Image):
        _within_limits(value, whose)
        try:
            require_format(value, most=MAX_PIXELS)
            return Image.fromarray(rgb_of(value))
        except DAMAGED as error:  # it may be open only, and not decoded yet
            raise EditError(f"{whose}: no readable image ({clean(error)[:200]})") from error
    if isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim == 3 and value.shape[2] == 3 and value.size:
        return _within_limits(Image.fromarray(value), whose)
    found = f"an array of {value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
    raise EditError(f"{whose}: expected a PIL image, encoded bytes or RGB uint8 (H, W, 3), found {found}")


def words_of(error: BaseException | str, most: int = 500) -> str:
    """What an error of foreign code says: on one line, without secrets, whatever it does when it is asked."""
    try:
        return " ".join(clean(error).split())[:most]
    except Exception:  # noqa: BLE001 - its own `__str__` fails
        return "(its words cannot be had)"


def _within_limits(image: Image.Image, whose: str) -> Image.Image:
    if not 0 < image.width * image.height <= MAX_PIXELS:
        raise EditError(f"{whose}: {image.width}×{image.height} is empty or over the limit of {MAX_PIXELS} pixels")
    return image


def png_bytes(image: Image.Image) -> bytes:
    """An image as a PNG file."""
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
