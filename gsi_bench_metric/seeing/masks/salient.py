"""Networks that find what stands out of an image, asked about the crop round each box: run by onnxruntime."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.execution.cores import available_cores
from gsi_bench_dataset.safety.files import printable_path
from gsi_bench_dataset.storage.record_store import digest
from gsi_bench_metric.imaging.device import DeviceError
from gsi_bench_metric.imaging.fetching import PublishedFile, WeightsError, kept_file
from gsi_bench_metric.imaging.images import RGB
from gsi_bench_metric.seeing.base import Mask, View
from gsi_bench_metric.seeing.config import SEEING, ClickConfig, SalientConfig
from gsi_bench_metric.seeing.masks.numbering import connected_at, crop_of, in_front, largest_within, near_first
from gsi_bench_metric.seeing.options import Options, SeeingError
from gsi_bench_metric.seeing.registry import has_onnxruntime

__all__ = ["Network", "SalientSegmenter", "make_salient"]

# Raised with every change of a mask that this code gives for the same inputs.
_VERSION = 2
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider", "mps": "CoreMLExecutionProvider"}


@dataclasses.dataclass(frozen=True)
class Network:
    """A published network.

    Attributes:
        name: what stands in the column.
        file: where its weights come from.
        side: of the square that it takes, pixels.
        mean, std: a value of a channel enters as (value / top - mean) / std …
        by_brightest: … with top the brightest value of the crop, as it was trained; else 255.
        stretched: whether its answer is brought to 0–1 by its least and largest value.
    """

    name: str
    file: PublishedFile
    side: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    by_brightest: bool
    stretched: bool


class SalientSegmenter:
    """Masks of what stands out of the crop round a box: the part of it that fills most of the box's outline.

    Args:
        network: which.
        path: its file, checked.
        device: cpu, cuda, cuda:N or mps.
        config: the chosen numbers.

    Raises:
        SeeingError: no file of such a network, or no way to run it on this device.
    """

    def __init__(self, network: Network, path: Path, device: str = "cpu", config: SalientConfig = SEEING.salient) -> None:
        self.name = network.name
        self.key = digest("salient", _VERSION, network.name, network.file.sha256, config.to_json())
        self._network, self._config = network, config
        self._session = _session(path, device)
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[0].name

    def segment(self, views: Sequence[View]) -> list[list[Mask | None]]:
        """See `Segmenter`."""
        return [self._masks(view) for view in views]

    def _masks(self, view: View) -> list[Mask | None]:
        """The nearest object first: what shows it is painted over where it hides others."""
        found: dict[int, Mask] = {}
        for number in near_first(view):
            rectangle, silhouette = view.rectangle(number), view.silhouettes[number]
            if rectangle is not None and silhouette is not None:
                found[number] = self._mask(view, rectangle, silhouette, in_front(view, number, found))
        return [found.get(number) for number in range(len(view.things))]

    def _mask(self, view: View, rectangle: tuple[int, int, int, int], silhouette: Mask, hidden: Mask) -> Mask:
        sides = np.array([rectangle[2] - rectangle[0], rectangle[3] - rectangle[1]])
        margin = np.maximum(self._config.margin, self._config.margin_px / sides)
        part = crop_of(rectangle, margin, view.shape)
        salient = self._salience(view.rgb[part], hidden[part]) > self._config.enough
        found = np.zeros(view.shape, np.bool_)
        found[part] = largest_within(salient, (silhouette & ~hidden)[part])
        return found

    def at(self, rgb: RGB, point: tuple[float, float], config: ClickConfig = SEEING.click) -> Mask | None:
        """See `Clickable`: windows about the point, small ones first, until one holds all of what stands out there."""
        height, width = rgb.shape[:2]
        for share in config.windows:
            reach = share * max(height, width)
            x1, y1 = (max(0, int(v - reach)) for v in point)
            x2, y2 = (min(side, int(v + reach) + 1) for v, side in zip(point, (width, height), strict=True))
            part = slice(y1, y2), slice(x1, x2)
            salience = self._salience(rgb[part], np.zeros((y2 - y1, x2 - x1), np.bool_))
            there = connected_at(salience > self._config.enough, (point[0] - x1, point[1] - y1))
            if there is None:
                continue
            (top, bottom), (left, right) = (_ends(there.any(axis)) for axis in (1, 0))
            whole = (top > 0 or y1 == 0) and (bottom < y2 - y1 or y2 == height)
            whole = whole and (left > 0 or x1 == 0) and (right < x2 - x1 or x2 == width)
            if whole and np.abs(2 * salience[top:bottom, left:right] - 1).mean() >= config.certain:
                found = np.zeros((height, width), np.bool_)
                found[part] = there
                return found
        return None

    def _salience(self, rgb: RGB, hidden: Mask) -> NDArray[np.float32]:
        """How much each pixel of a crop (h, w, 3) stands out, (h, w) on 0–1, once what is `hidden` (h, w) is painted over."""
        network = self._network
        size = (network.side, network.side)
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        if hidden.any():
            over = cv2.dilate(
                cv2.resize(hidden.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST), np.ones((3, 3), np.uint8)
            )
            small = cv2.inpaint(small, over, self._config.paint_px, cv2.INPAINT_TELEA)
        square = small.astype(np.float32)
        top = max(float(square.max()), 1.0) if network.by_brightest else 255.0
        values = (square / top - np.array(network.mean, np.float32)) / np.array(network.std, np.float32)
        answer = self._session.run([self._output], {self._input: values.transpose(2, 0, 1)[None].astype(np.float32)})[0]
        found = np.asarray(answer, dtype=np.float32).reshape(answer.shape[-2:])
        if network.stretched:
            low, high = float(found.min()), float(found.max())
            found = (found - low) / max(high - low, 1e-6)
        return np.asarray(cv2.resize(found, (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _ends(line: Mask) -> tuple[int, int]:
    """First and past the last of what is set in (n,)."""
    places = np.nonzero(line)[0]
    return int(places[0]), int(places[-1]) + 1


def make_salient(network: Network, options: Options) -> SalientSegmenter:
    """A segmenter of a published network.

    Raises:
        SeeingError: onnxruntime, the weights or the device is not there; or the file is another one.
    """
    if not has_onnxruntime():
        raise SeeingError(f"{network.name!r} needs onnxruntime: pip install 'gsi-bench[segment]'; 'grabcut' needs nothing")
    if options.revision is not None:
        raise SeeingError(f"{network.name!r} has no revisions; give a file")
    try:
        path = kept_file(
            network.file if options.weights is None else _given(network, options.weights), fetching=options.fetching
        )
    except WeightsError as error:
        raise SeeingError(str(error)) from error
    return SalientSegmenter(network, path, options.device or "cpu")


@dataclasses.dataclass(frozen=True)
class _GivenFile(PublishedFile):
    """The published file at a place of the user's."""

    given: Path = Path()

    @property
    def place(self) -> Path:
        return self.given

    @property
    def remedy(self) -> str:
        return f"Give a file that is there, or none: then `gsi-bench weights {self.what}` fetches it"


def _given(network: Network, weights: str) -> PublishedFile:
    fields = {field.name: getattr(network.file, field.name) for field in dataclasses.fields(PublishedFile)}
    return _GivenFile(**fields | {"sources": ()}, given=Path(weights))


def _session(path: Path, device: str) -> Any:
    import onnxruntime  # noqa: PLC0415 - an extra

    kind, _, index = device.partition(":")
    provider = _PROVIDERS.get(kind, "")
    if provider not in onnxruntime.get_available_providers():
        there = ", ".join(sorted(onnxruntime.get_available_providers()))
        raise DeviceError(f"device {device!r} is not available to onnxruntime here; it has {there}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = available_cores()
    # Waiting threads that spin take the cores of whatever else runs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors; its warnings are of its own optimiser
    where: Any = (provider, {"device_id": int(index)}) if index.isdigit() else provider
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=[where])
    except Exception as error:
        said = str(error).strip().partition("\n")[0][:200]
        raise SeeingError(f"{printable_path(path)}: onnxruntime cannot run it ({said})") from error
