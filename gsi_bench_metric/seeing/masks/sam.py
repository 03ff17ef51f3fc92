"""SAM (Kirillov et al. 2023) as its authors publish it: segment-anything 1.0 with sam_vit_b, _l or _h, asked by rectangles.

The network is built empty and filled here: the package's own way loads a file without saying where to and with whatever code
it holds.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.safety.files import printable_path
from gsi_bench_dataset.storage.record_store import digest
from gsi_bench_metric.imaging.device import pick_device
from gsi_bench_metric.seeing.base import Mask, Segmenter, View
from gsi_bench_metric.seeing.options import Options, SeeingError

__all__ = ["OfficialSam", "make"]

# Width of the image encoder -> name of the network.
_SIZES = {768: "vit_b", 1024: "vit_l", 1280: "vit_h"}
_POSITIONS = "image_encoder.pos_embed"
_EXPECTED = "sam_vit_b_01ec64.pth, sam_vit_l_0b3195.pth or sam_vit_h_4b8939.pth of facebookresearch/segment-anything"


class OfficialSam:
    """Masks of SAM, one pass an image, all its objects.

    Args:
        path: the official file.
        device: where it runs.

    Raises:
        SeeingError: segment-anything or torchvision is not installed; or the file is no weights of SAM, or only a part.
    """

    def __init__(self, path: Path, device: str) -> None:
        library = _library()
        state = _state(path)
        width = int(state[_POSITIONS].shape[-1]) if _POSITIONS in state else 0
        kind = _SIZES.get(width)
        if kind is None:
            raise SeeingError(
                f"{printable_path(path)}: no weights of SAM ({_POSITIONS} of width {width}); expected {_EXPECTED}"
            )
        network = library.sam_model_registry[kind](checkpoint=None)
        shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
        problems = [f"lacks {name}" for name in sorted(shapes.keys() - state.keys())]
        problems += [f"holds {name}, which SAM has not" for name in sorted(state.keys() - shapes.keys())]
        problems += [
            f"{name}: expected shape {list(shape)}, found {list(state[name].shape)}"
            for name, shape in shapes.items()
            if name in state and tuple(state[name].shape) != shape
        ]
        if problems:
            raise SeeingError(
                summary_of(f"{printable_path(path)}: not the weights of SAM {kind}; expected {_EXPECTED}", problems)
            )
        network.load_state_dict(state)
        self._predictor = library.SamPredictor(network.eval().requires_grad_(False).to(device))
        self.name = f"sam:{path.stem}"
        stat = path.stat()
        self.key = digest("sam", kind, path.name, stat.st_size, stat.st_mtime_ns, torch.device(device).type)

    def segment(self, views: Sequence[View]) -> list[list[Mask | None]]:
        """See `Segmenter`."""
        return [self._masks(view) for view in views]

    @torch.inference_mode()
    def _masks(self, view: View) -> list[Mask | None]:
        rectangles = [view.rectangle(number) for number in range(len(view.things))]
        asked = torch.tensor([r for r in rectangles if r is not None], dtype=torch.float32)
        if not len(asked):
            return [None] * len(rectangles)
        predictor = self._predictor
        predictor.set_image(np.ascontiguousarray(view.rgb))
        boxes = predictor.transform.apply_boxes_torch(asked, view.shape).to(predictor.device)
        masks, scores, _ = predictor.predict_torch(None, None, boxes=boxes, multimask_output=True)
        best = masks[torch.arange(len(masks)), scores.argmax(-1)].cpu().numpy()
        predictor.reset_image()
        found = iter(best)
        return [None if r is None else next(found) for r in rectangles]


def import_library() -> Any:
    """The package segment_anything."""
    return importlib.import_module("segment_anything")


def _library() -> Any:
    try:
        return import_library()
    except ImportError as error:
        lacking = error.name or str(error)
        advice = (
            "it needs torchvision in the build that belongs to the installed torch; without it take 'sam-transformers'"
            if lacking != "segment_anything"
            else "pip install 'gsi-bench[segment]', or take 'sam-transformers'"
        )
        raise SeeingError(f"'sam' needs segment-anything ({lacking} is not there): {advice}") from error
    except RuntimeError as error:  # a torchvision of another build
        said = str(error).partition("\n")[0]
        raise SeeingError(f"'sam' cannot use the installed torchvision ({said}); take 'sam-transformers'") from error


def _state(path: Path) -> dict[str, Any]:
    """The file's tensors, read as nothing but tensors."""
    from gsi_bench_metric.detectors.detany3d.errors import CheckpointError  # noqa: PLC0415
    from gsi_bench_metric.detectors.detany3d.files.checkpoint import read_state  # noqa: PLC0415 - needs safetensors

    try:
        return read_state(path)
    except CheckpointError as error:
        raise SeeingError(str(error)) from error


def make(options: Options) -> Segmenter:
    """SAM by its official file.

    Raises:
        SeeingError: no weights, no library, or not the right ones.
    """
    if options.revision is not None:
        raise SeeingError("'sam' has no revisions; give a file")
    return OfficialSam(options.weights_file("sam", _EXPECTED), pick_device(options.device))
