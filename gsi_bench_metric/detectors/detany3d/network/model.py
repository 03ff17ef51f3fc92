"""The whole network: images -> encodings, once; an encoding and prompts -> hypotheses, as often as asked.

Parameters carry the checkpoint's names without their leading `sam.`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from gsi_bench_metric.detectors.detany3d.config import Config
from gsi_bench_metric.detectors.detany3d.network.decoder import Hypotheses, MaskDecoder, Masks
from gsi_bench_metric.detectors.detany3d.network.depth_map import DepthMap
from gsi_bench_metric.detectors.detany3d.network.image_encoder import ImageEncoder
from gsi_bench_metric.detectors.detany3d.network.prompt_encoder import PromptEncoder

__all__ = ["PARTS", "Encoding", "Network", "Prompts"]

PARTS = ("embedding", "depth", "camera", "metric", "K")  # of an encoding, without the depth map


@dataclasses.dataclass(frozen=True)
class Encoding:
    """All that prompts ask of one image. The batch axis is kept, with length 1."""

    embedding: Tensor  # (1, E, T, T)
    depth: Tensor  # (1, h_t, w_t, M)
    camera: Tensor  # (1, 4, M)
    metric: Tensor  # (1, 2, M)
    K: Tensor  # (1, 3, 3), predicted, pixels of the pre-processed image
    depth_map: DepthMap | None = None  # never cached

    @classmethod
    def of(cls, parts: Mapping[str, Tensor]) -> Encoding:
        """From its parts by name."""
        return cls(parts["embedding"], parts["depth"], parts["camera"], parts["metric"], parts["K"])

    def to(self, device: torch.device | str) -> Encoding:
        """The same on another device, without the depth map."""
        return Encoding.of({name: getattr(self, name).to(device) for name in PARTS})

    @property
    def bytes(self) -> int:
        """Size in memory."""
        return sum(getattr(self, name).nbytes for name in PARTS)


@dataclasses.dataclass(frozen=True)
class Prompts:
    """What to look at, in pixels of the pre-processed image: boxes (N, 4), or points (N, P, 2) on N objects.

    Raises:
        ValueError: neither or both, or other shapes.
    """

    boxes: Tensor | None = None
    points: Tensor | None = None

    def __post_init__(self) -> None:
        if (self.boxes is None) == (self.points is None):
            raise ValueError("prompts are boxes or points, exactly one of them")
        if self.boxes is not None and (self.boxes.ndim != 2 or self.boxes.shape[1] != 4):
            raise ValueError(f"boxes must be (N, 4), found {tuple(self.boxes.shape)}")
        if self.points is not None and (self.points.ndim != 3 or self.points.shape[2] != 2):
            raise ValueError(f"points must be (N, P, 2), found {tuple(self.points.shape)}")

    def tokens(self, encoder: PromptEncoder) -> Tensor:
        """(N, p, E)."""
        if self.points is not None:
            return encoder.points(self.points)
        assert self.boxes is not None
        return encoder.boxes(self.boxes)


class Network(nn.Module):
    """DetAny3D."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.image_encoder = ImageEncoder(config)
        self.prompt_encoder = PromptEncoder(config)
        self.mask_decoder = MaskDecoder(config)

    def encode(
        self,
        sam_pictures: Tensor,
        dino_pictures: Tensor,
        *,
        dtype: torch.dtype = torch.float32,
        rays_K: Tensor | None = None,
    ) -> list[Encoding]:
        """Images of one shape, (B, 3, P, P) and (B, 3, h', w') -> an encoding each.

        With a 16-bit `dtype` the two transformers run in it (autocast); camera, depth and boxes always run in float32, where
        exponentials and frequencies would suffer most and little time goes. `rays_K` (B, 3, 3): see `DepthHead.forward`.
        """
        size = (dino_pictures.shape[-2], dino_pictures.shape[-1])
        patch = self.config.sam.patch_size
        half = dtype != torch.float32
        with torch.autocast(sam_pictures.device.type, dtype=dtype if half else None, enabled=half):
            seen = self.image_encoder(sam_pictures, dino_pictures, (size[0] // patch, size[1] // patch))
        geometry = self.image_encoder.depth_head(seen.float(), size, rays_K)
        parts = (seen.embedding.float(), geometry.depth, geometry.camera, geometry.metric, geometry.K)
        found = geometry.depth_map
        encodings = [
            Encoding.of({name: part[i : i + 1].clone() for name, part in zip(PARTS, parts, strict=True)})
            for i in range(len(sam_pictures))
        ]
        if found is None:
            return encodings
        return [dataclasses.replace(encoding, depth_map=found.of(i)) for i, encoding in enumerate(encodings)]

    def decode(self, encoding: Encoding, prompts: Prompts) -> tuple[Hypotheses, Masks | None]:
        """N prompts on one image -> hypotheses, and masks where the configuration asks for them."""
        tokens = prompts.tokens(self.prompt_encoder)
        geometry = self.mask_decoder.geometry(encoding.depth, encoding.camera, encoding.metric)
        image = encoding.embedding + self.prompt_encoder.no_mask()
        tokens, seen = self.mask_decoder(image, geometry, self.prompt_encoder.places(), tokens)
        masks = self.mask_decoder.make_masks(tokens, seen) if self.config.masks else None
        return self.mask_decoder.hypotheses(tokens), masks
