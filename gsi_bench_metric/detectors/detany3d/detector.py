"""DetAny3D as scoring asks for it: the sample's class name in source and edited image."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gsi_bench_dataset.reads import CAMERA, IMAGE, KIND, ORIGIN, TARGET
from gsi_bench_dataset.records import Detection, Sample
from gsi_bench_dataset.storage.record_store import digest
from gsi_bench_metric.detectors.base import DetectionItem
from gsi_bench_metric.detectors.detany3d.config import Config
from gsi_bench_metric.detectors.detany3d.files.checkpoint import load_network, stored_digest
from gsi_bench_metric.detectors.detany3d.files.encodings import EncodingCache
from gsi_bench_metric.detectors.detany3d.files.weights import weights_file
from gsi_bench_metric.detectors.detany3d.grounding import GroundingDino, TextBoxes, TextDetector
from gsi_bench_metric.detectors.detany3d.predictor import Camera, Predictor, box_prompts
from gsi_bench_metric.detectors.detany3d.preprocessing import frame_of
from gsi_bench_metric.detectors.detany3d.results import detections
from gsi_bench_metric.imaging.alignment_config import MAPPING
from gsi_bench_metric.imaging.device import pick_device
from gsi_bench_metric.imaging.images import RGB, load_rgb, pixel_hash
from gsi_bench_metric.imaging.mapping import map_back
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.recent import Recent

__all__ = ["DetAny3DDetector", "make"]

logger = logging.getLogger(__name__)

# Raised with every change of a number that this code gives for the same inputs and weights.
_VERSION = 1
_KEPT = 256  # answers of the text detector


class DetAny3DDetector:
    """Finds objects of the target's class by GroundingDINO, and their 3D boxes by DetAny3D.

    The sample's K is used as it stands, as the published evaluation does, where the sample is official or its pixels are those
    of the reference's frame; a K in source pixels of other samples is brought to that frame first.

    Args:
        path: converted weights; `gsi-bench weights detany3d` writes them.
        config: sizes; the released ones by default.
        text: what answers words; GroundingDINO by default.
        device: cpu, cuda or mps.
        dtype: float32, or bfloat16 on a GPU.
        batch_size: images encoded together.
        encodings: folder for encodings that outlive the process; the environment's GSI_BENCH_ENCODINGS by default, else none.
        deterministic: see `Predictor`.

    Raises:
        CheckpointError: no weights, or others.
    """

    name = "detany3d"
    needs_pixels = False
    reads = IMAGE | CAMERA | ORIGIN | TARGET | KIND
    one_process = True  # a network of 6 GB

    def __init__(
        self,
        path: Path | None = None,
        config: Config | None = None,
        *,
        text: TextDetector | None = None,
        device: str = "cpu",
        dtype: str = "float32",
        batch_size: int | None = None,
        encodings: Path | None = None,
        deterministic: bool = True,
    ):
        self._path, self._config = path or weights_file(), config or Config()
        self.text = text or GroundingDino(device=device)
        self._device, self._dtype, self._batch_size, self._deterministic = device, dtype, batch_size, deterministic
        folder = encodings or (Path(os.environ["GSI_BENCH_ENCODINGS"]) if os.environ.get("GSI_BENCH_ENCODINGS") else None)
        self._cache = EncodingCache(folder=folder)
        self._predictor: Predictor | None = None
        self._answers: Recent[tuple[str, str], TextBoxes] = Recent(_KEPT)
        self.key = digest(self.name, _VERSION, stored_digest(self._path), self.text.key, dtype, MAPPING.to_json())

    def detect(self, items: Sequence[DetectionItem]) -> list[list[Detection] | None]:
        """Objects of each sample's class; None for an image that is absent or too thin.

        Raises:
            ImageError: an image cannot be read.
            DetAny3DError: not enough memory for one image, or GroundingDINO is lacking.
        """
        pictures = [self._picture(item) for item in items]
        usable = [rgb for rgb in pictures if rgb is not None]
        encodings = iter(self.predictor.encode(usable))
        found: list[list[Detection] | None] = []
        for item, rgb in zip(items, pictures, strict=True):
            if rgb is None:
                found.append(None)
                continue
            encoding, seen = next(encodings), self._answer(rgb, item.sample.target)
            if not seen.phrases:
                found.append([])
                continue
            frame = frame_of((rgb.shape[0], rgb.shape[1]), self._config)
            K = camera_of(item.sample).in_frame(frame)
            found.append(detections(self.predictor.boxes(encoding, box_prompts(seen.boxes, frame), K), seen.phrases))
        return found

    @property
    def predictor(self) -> Predictor:
        """The network, loaded when it is first needed."""
        if self._predictor is None:
            network, weights = load_network(self._path, self._config, self._device)
            self._predictor = Predictor(
                network,
                weights,
                device=self._device,
                dtype=self._dtype,
                batch_size=self._batch_size,
                cache=self._cache,
                deterministic=self._deterministic,
            )
        return self._predictor

    def _picture(self, item: DetectionItem) -> RGB | None:
        """The image at the source's size, as scoring compares it."""
        source = Picture(item.sample.image)
        rgb = source.rgb() if item.view == "source" else None if item.picture is None else item.picture.rgb()
        if rgb is None:
            return None
        if item.view == "edited":
            operation = item.sample.operation
            moved = operation is not None and operation.kind == "view"
            rgb = map_back(load_rgb(item.sample.image), rgb, moved=moved).rgb
        if min(frame_of((rgb.shape[0], rgb.shape[1]), self._config).tokens) == 0:
            logger.warning("%s: %d×%d pixels are too thin for DetAny3D", item.sample.id, rgb.shape[1], rgb.shape[0])
            return None
        return rgb

    def _answer(self, rgb: RGB, prompt: str) -> TextBoxes:
        return self._answers.get((pixel_hash(rgb), prompt), lambda: self.text.find(rgb, prompt))


def make(
    path: Path | None = None, device: str | None = None, dtype: str | None = None, encodings: Path | None = None
) -> DetAny3DDetector:
    """The detector on the best device of this machine; in float32, as the paper ran it, unless set otherwise.

    Raises:
        CheckpointError: no weights, or others.
        DeviceError: no such device here.
    """
    device = pick_device(device)
    return DetAny3DDetector(path, device=device, dtype=dtype or "float32", encodings=encodings)


def camera_of(sample: Sample) -> Camera:
    """The sample's camera, in the frame that its K is used in."""
    as_it_stands = sample.origin == "official" or sample.pixel_frame != "source"
    return Camera(np.array(sample.camera_intrinsics), "preprocessed" if as_it_stands else "source")
