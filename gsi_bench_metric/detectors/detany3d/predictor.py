"""The network at work: images encoded once, in batches that fit into memory; prompts answered from the encodings."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from gsi_bench_dataset.storage.record_store import digest
from gsi_bench_metric.detectors.detany3d.errors import DetAny3DError
from gsi_bench_metric.detectors.detany3d.files.encodings import EncodingCache
from gsi_bench_metric.detectors.detany3d.grounding import TextDetector
from gsi_bench_metric.detectors.detany3d.network.decoding import Boxes, decode_boxes, select
from gsi_bench_metric.detectors.detany3d.network.model import Encoding, Network, Prompts
from gsi_bench_metric.detectors.detany3d.preprocessing import Frame, frame_of, preprocess
from gsi_bench_metric.detectors.detany3d.results import reference_rows
from gsi_bench_metric.imaging.images import RGB, pixel_hash

__all__ = ["DTYPES", "Camera", "Predictor", "numerics", "require_camera"]

logger = logging.getLogger(__name__)

A = TypeVar("A")
B = TypeVar("B")
Array = NDArray[np.float64]

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
_PROMPTS_AT_ONCE = 32  # each holds a copy of the image tokens: 3 MB of the released sizes


@dataclasses.dataclass(frozen=True)
class Camera:
    """A known camera.

    `frame` says which pixels K means: the "source" image's, or those of the "preprocessed" one. The published code takes any
    matrix for the latter; handing it one of the source scales depths and shifts centres (docs/detectors.md).

    Raises:
        DetAny3DError: K is not an invertible 3×3 matrix of a camera.
    """

    K: ArrayLike
    frame: Literal["source", "preprocessed"] = "source"

    def __post_init__(self) -> None:
        require_camera(self.K)

    def in_frame(self, frame: Frame) -> Array:
        """K in pixels of the pre-processed image."""
        return frame.camera(self.K) if self.frame == "source" else np.asarray(self.K, dtype=np.float64)


def require_camera(K: Any) -> None:
    """Does nothing for a 3×3 matrix that a camera can have.

    Raises:
        DetAny3DError: another shape, not numbers, singular, or without focal lengths.
    """
    expected = "expected [[fx,0,cx],[0,fy,cy],[0,0,1]] with positive fx and fy"
    try:
        matrix = np.asarray(K, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DetAny3DError(f"camera matrix {K!r} is not numbers; {expected}") from error
    if matrix.shape != (3, 3) or not np.isfinite(matrix).all():
        raise DetAny3DError(f"camera matrix of shape {matrix.shape}: {matrix.tolist()}; {expected}")
    if abs(np.linalg.det(matrix)) < 1e-9 or matrix[0, 0] <= 0 or matrix[1, 1] <= 0:
        raise DetAny3DError(f"camera matrix {matrix.tolist()} is singular or has no focal length; {expected}")


class Predictor:
    """Answers prompts on images.

    Args:
        network: with its weights, in evaluation mode, on `device`.
        weights: SHA-256 of the weights, part of the cache's keys.
        device: where the network is.
        dtype: of the two transformers; float32, or 16 bit on a GPU.
        batch_size: images encoded together; halved for good where memory runs out.
        cache: of encodings; 1 GiB of memory by default.
        deterministic: same numbers in every run on the same machine; slower kernels on a GPU.
    """

    def __init__(
        self,
        network: Network,
        weights: str,
        *,
        device: str = "cpu",
        dtype: str = "float32",
        batch_size: int | None = None,
        cache: EncodingCache | None = None,
        deterministic: bool = True,
    ):
        if dtype not in DTYPES:
            raise DetAny3DError(f"no dtype {dtype!r}; expected one of {', '.join(DTYPES)}")
        self.network, self.device, self.dtype = network, device, dtype
        self.batch_size = batch_size or (1 if device == "cpu" else 8)
        self.cache = EncodingCache() if cache is None else cache
        self._about = (weights, dtype, dataclasses.asdict(network.config))
        self._deterministic = deterministic

    def encode(self, pictures: Sequence[RGB]) -> list[Encoding]:
        """An encoding of each image, on the device. Equal images are encoded once, known ones not at all.

        Raises:
            DetAny3DError: an image that cannot be used, or memory for not even one.
        """
        keys = [digest("encoding", self._about, pixel_hash(rgb)) for rgb in pictures]
        found = {key: kept for key in dict.fromkeys(keys) if (kept := self.cache.get(key)) is not None}
        new = {key: rgb for key, rgb in zip(keys, pictures, strict=True) if key not in found}
        by_shape: dict[tuple[int, int], list[str]] = {}
        for key, rgb in new.items():
            frame = frame_of((rgb.shape[0], rgb.shape[1]), self.network.config)
            by_shape.setdefault(frame.cropped, []).append(key)
        for group in by_shape.values():
            for key, encoding in zip(group, self._in_batches(self._encode, [new[key] for key in group]), strict=True):
                self.cache.put(key, encoding)
                found[key] = encoding.to("cpu")
        return [found[key].to(self.device) for key in keys]

    def boxes(self, encoding: Encoding, prompts: Prompts, K: Array | None = None) -> Boxes:
        """3D boxes of prompts that are in pixels of the pre-processed image, as K is."""
        asked = prompts.boxes if prompts.boxes is not None else prompts.points
        assert asked is not None
        parts = []
        with torch.inference_mode(), numerics(self._deterministic):
            for part in asked.to(self.device).split(_PROMPTS_AT_ONCE):
                some = Prompts(boxes=part) if prompts.boxes is not None else Prompts(points=part)
                parts.append(self.network.decode(encoding, some)[0])
        raw = type(parts[0])(
            *(
                torch.cat([getattr(p, f.name) for p in parts], dim=0 if f.name == "iou" else 1)
                for f in dataclasses.fields(parts[0])
            )
        )
        chosen = select(raw, self.network.config.max_depth)
        return decode_boxes(chosen, encoding.K[0].double().cpu().numpy(), self.network.config.pad, K)

    def predict(
        self,
        rgb: RGB,
        prompts: Sequence[str],
        text: TextDetector,
        camera: Camera | None = None,
        *,
        pile_up: bool = False,
    ) -> dict[str, Any]:
        """What the published `predict()` returns for an image and words, without drawings; a `reason` where nothing is found.

        With `pile_up`, boxes of earlier prompts are asked for again and appended again at every later prompt, as the published
        driver does; with one prompt there is no difference.

        Raises:
            DetAny3DError: no prompt or an empty one, or an image that cannot be used.
        """
        if not prompts:
            raise DetAny3DError("no prompt given; expected at least one class name such as 'mug'")
        (encoding,) = self.encode([rgb])
        frame = frame_of((rgb.shape[0], rgb.shape[1]), self.network.config)
        K = None if camera is None else camera.in_frame(frame)
        found: list[dict[str, Any]] = []
        boxes: Array = np.zeros((0, 4))
        labels: list[str] = []
        for prompt in prompts:
            seen = text.find(rgb, prompt)
            if not pile_up:
                boxes, labels = np.zeros((0, 4)), []
            boxes, labels = np.concatenate([boxes, seen.boxes]), [*labels, *seen.phrases]
            if labels:
                found += reference_rows(self.boxes(encoding, box_prompts(boxes, frame), K), labels)
        result: dict[str, Any] = {"img_shape": list(frame.cropped), "detections": found}
        if not found:
            result["reason"] = f"GroundingDINO found nothing for {', '.join(map(repr, prompts))} above its threshold"
        return result

    def _encode(self, pictures: Sequence[RGB]) -> list[Encoding]:
        """Images that have one shape after pre-processing, in one pass."""
        ready = [preprocess(rgb, self.network.config, self.device) for rgb in pictures]
        with torch.inference_mode(), numerics(self._deterministic):
            sam, dino = torch.cat([r[0] for r in ready]), torch.cat([r[1] for r in ready])
            return [e.to("cpu") for e in self.network.encode(sam, dino, dtype=DTYPES[self.dtype])]

    def _in_batches(self, run: Callable[[Sequence[A]], list[B]], items: Sequence[A]) -> Iterator[B]:
        start = 0
        while start < len(items):
            try:
                made = run(items[start : start + self.batch_size])
            except (RuntimeError, MemoryError) as error:
                if not _out_of_memory(error):
                    raise
                self._back_off(error)
                continue
            yield from made
            start += len(made)

    def _back_off(self, error: Exception) -> None:
        if self.batch_size == 1:
            raise DetAny3DError(
                f"no memory on {self.device} for a single image ({str(error).partition(chr(10))[0]}); try dtype bfloat16, "
                "another device, or end what else runs there"
            ) from error
        self.batch_size //= 2
        logger.warning("out of memory on %s: going on with batches of %d", self.device, self.batch_size)
        if self.device.startswith("cuda"):
            torch.cuda.empty_cache()


def box_prompts(boxes: Array, frame: Frame) -> Prompts:
    """Source boxes as the published driver hands them on: truncated to whole pixels, then brought to the frame."""
    return Prompts(boxes=torch.from_numpy(frame.boxes(np.trunc(boxes))))


def _out_of_memory(error: Exception) -> bool:
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    text = str(error)
    return "out of memory" in text or "can't allocate memory" in text  # MPS and the CPU's allocator have no class of their own


@contextlib.contextmanager
def numerics(deterministic: bool) -> Iterator[None]:
    """float32 means float32: no TF32. `deterministic` also asks cuDNN for kernels that give the same numbers in every run."""
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    before = (cudnn.allow_tf32, matmul.allow_tf32, cudnn.deterministic, cudnn.benchmark)
    try:
        cudnn.allow_tf32, matmul.allow_tf32 = False, False
        cudnn.deterministic, cudnn.benchmark = deterministic, not deterministic and cudnn.benchmark
        yield
    finally:
        cudnn.allow_tf32, matmul.allow_tf32, cudnn.deterministic, cudnn.benchmark = before
