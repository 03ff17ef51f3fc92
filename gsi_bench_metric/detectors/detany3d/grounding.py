"""Text prompts to 2D boxes: GroundingDINO from `transformers`, with the paper's thresholds."""

from __future__ import annotations

import dataclasses
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from gsi_bench_metric.detectors.detany3d.errors import DetAny3DError
from gsi_bench_metric.detectors.detany3d.files.terms import EXTRA, GROUNDING_MODEL, GROUNDING_REVISION
from gsi_bench_metric.imaging.images import RGB

__all__ = ["GroundingDino", "TextBoxes", "TextDetector", "caption_of", "input_size"]

BOX_THRESHOLD = 0.47
TEXT_THRESHOLD = 0.25
_SHORTEST, _LONGEST = 800, 1333


@dataclasses.dataclass(frozen=True)
class TextBoxes:
    """Boxes (N, 4) x0, y0, x1, y1 in source pixels, not rounded, and the words that each was found for."""

    boxes: NDArray[np.float64]
    phrases: tuple[str, ...]


class TextDetector(Protocol):
    """Finds what a text names."""

    key: str  # everything its answers depend on beside image and prompt

    def find(self, rgb: RGB, prompt: str) -> TextBoxes:
        """Boxes of what the prompt names."""
        ...


def caption_of(prompt: str) -> str:
    """The prompt as GroundingDINO wants it: lower case, with a full stop.

    >>> caption_of(" Coffee mug ")
    'coffee mug.'

    Raises:
        DetAny3DError: no words.
    """
    words = prompt.strip().lower()
    if not words.strip(". "):
        raise DetAny3DError(f"an empty prompt ({prompt!r}) names nothing; expected a class name such as 'mug'")
    return words if words.endswith(".") else words + "."


def input_size(height: int, width: int) -> tuple[int, int]:
    """(height, width) that an image is brought to: short side 800, long side at most 1333, as the original code rounds.

    `transformers` differs by a pixel or two where the 1333 binds, which is why resizing is done here.

    >>> input_size(480, 640), input_size(1080, 1920)
    ((800, 1066), (750, 1333))
    """
    short, long = min(height, width), max(height, width)
    side = _SHORTEST
    if long / short * side > _LONGEST:
        side = round(_LONGEST * short / long)
    other = int(side * long / short)
    return (side, other) if height <= width else (other, side)


class GroundingDino:
    """The model, loaded when it is first asked."""

    def __init__(
        self,
        model: str = GROUNDING_MODEL,
        revision: str | None = GROUNDING_REVISION,
        device: str = "cpu",
        box_threshold: float = BOX_THRESHOLD,
        text_threshold: float = TEXT_THRESHOLD,
    ):
        self.key = f"{model}@{revision} {box_threshold} {text_threshold}"
        self._source, self._revision, self._device = model, revision, device
        self._thresholds = (box_threshold, text_threshold)
        self._loaded: tuple[Any, Any] | None = None

    def find(self, rgb: RGB, prompt: str) -> TextBoxes:
        """Boxes whose best word scores over the box threshold; no suppression of doubles, as in the paper.

        Raises:
            DetAny3DError: an empty prompt, or the model cannot be loaded.
        """
        caption = caption_of(prompt)
        processor, model = self._model()
        height, width = rgb.shape[:2]
        size = input_size(height, width)
        picture = Image.fromarray(rgb).resize(size[::-1], Image.Resampling.BILINEAR)
        inputs = processor(images=picture, text=caption, return_tensors="pt", do_resize=False).to(self._device)
        with torch.inference_mode():
            outputs = model(**inputs)
        (found,) = processor.post_process_grounded_object_detection(
            outputs,
            inputs["input_ids"],
            threshold=self._thresholds[0],
            text_threshold=self._thresholds[1],
            target_sizes=[(height, width)],
        )
        boxes = found["boxes"].double().cpu().numpy().reshape(-1, 4)
        # Without boxes the processor still decodes one empty phrase.
        phrases = tuple(text.replace(".", "").strip() for text in found["text_labels"][: len(boxes)])
        return TextBoxes(boxes, phrases)

    def _model(self) -> tuple[Any, Any]:
        if self._loaded is None:
            try:
                from transformers import (  # noqa: PLC0415 - seconds to import, and an extra
                    AutoTokenizer,
                    GroundingDinoForObjectDetection,
                    GroundingDinoProcessor,
                )
                from transformers.models.grounding_dino.image_processing_pil_grounding_dino import (  # noqa: PLC0415
                    GroundingDinoImageProcessorPil,
                )
            except ImportError as error:
                raise DetAny3DError(f"text prompts need transformers ({error}): {EXTRA}; boxes and points do not") from error
            where: dict[str, Any] = {"revision": self._revision} if self._revision else {}
            try:
                model: Any = GroundingDinoForObjectDetection.from_pretrained(self._source, **where)
                model = model.to(self._device).eval()
                # Pixels by PIL, which is what the original used; the default processor would ask for torchvision.
                pixels = GroundingDinoImageProcessorPil.from_pretrained(self._source, **where)
                words = AutoTokenizer.from_pretrained(self._source, **where)
            except (OSError, ValueError) as error:
                raise DetAny3DError(
                    f"GroundingDINO {self._source} cannot be loaded ({str(error).partition(chr(10))[0]}); with internet run "
                    "`gsi-bench weights detany3d --accept-licence --from FOLDER`, or give boxes instead of words"
                ) from error
            self._loaded = (GroundingDinoProcessor(pixels, words), model)
        return self._loaded
