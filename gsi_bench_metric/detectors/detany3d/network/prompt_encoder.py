"""SAM's prompt encoder: boxes or points as tokens, and the code of places in the image."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gsi_bench_metric.detectors.detany3d.config import Config
from gsi_bench_metric.detectors.detany3d.network.layers import LayerNorm2d, resize

__all__ = ["PromptEncoder"]


class FourierCode(nn.Module):
    """A random Fourier code of places."""

    positional_encoding_gaussian_matrix: Tensor

    def __init__(self, width: int):
        super().__init__()
        self.register_buffer("positional_encoding_gaussian_matrix", torch.zeros(2, width // 2))

    def forward(self, places: Tensor) -> Tensor:
        """(..., 2), x and y in 0..1 -> (..., E)."""
        v = 2 * math.pi * ((2 * places - 1) @ self.positional_encoding_gaussian_matrix)
        return torch.cat([v.sin(), v.cos()], dim=-1)


class PromptEncoder(nn.Module):
    """Two tokens a box, or one a point and a last one that says "no box"."""

    def __init__(self, config: Config):
        super().__init__()
        width = config.sam.out_chans
        self.pad, self.grid = config.pad, config.grid
        self.table = config.sam.img_size // config.sam.patch_size
        self.pe_layer = FourierCode(width)
        # Background point (never asked for), point, first corner, second corner.
        self.point_embeddings = nn.ModuleList(nn.Embedding(1, width) for _ in range(4))
        self.not_a_point_embed = nn.Embedding(1, width)
        self.no_mask_embed = nn.Embedding(1, width)
        # Masks as prompts are not used; the checkpoint has their layers.
        self.mask_downscaling = nn.Sequential(
            nn.Conv2d(1, 4, 2, 2), LayerNorm2d(4), nn.GELU(), nn.Conv2d(4, 16, 2, 2), LayerNorm2d(16), nn.GELU(),
            nn.Conv2d(16, width, 1),
        )  # fmt: skip

    def boxes(self, boxes: Tensor) -> Tensor:
        """(N, 4) x0, y0, x1, y1 in pixels of the pre-processed image -> (N, 2, E)."""
        code = self._code(boxes.reshape(-1, 2, 2))
        return code + torch.stack([self._embedding(2), self._embedding(3)])

    def points(self, points: Tensor) -> Tensor:
        """(N, P, 2): P points on each of N objects, in pixels of the pre-processed image -> (N, P + 1, E)."""
        code = self._code(points) + self._embedding(1)
        no_box = self.not_a_point_embed.weight.expand(len(points), 1, -1)
        return torch.cat([code, no_box], dim=1)

    def places(self) -> Tensor:
        """The code of the padded image's cells, (1, E, T, T): of SAM's own grid, resized."""
        centres = (torch.arange(self.table, device=self.no_mask_embed.weight.device) + 0.5) / self.table
        y, x = torch.meshgrid(centres, centres, indexing="ij")
        code = self.pe_layer(torch.stack([x, y], dim=-1).to(self.no_mask_embed.weight.dtype))
        return resize(code.permute(2, 0, 1)[None], (self.grid, self.grid), "bicubic")

    def no_mask(self) -> Tensor:
        """What is added to every cell when no mask is given: (1, E, 1, 1)."""
        return self.no_mask_embed.weight[:, :, None, None]

    def _code(self, pixels: Tensor) -> Tensor:
        code: Tensor = self.pe_layer((pixels.to(self.no_mask_embed.weight.dtype) + 0.5) / self.pad)
        return code

    def _embedding(self, i: int) -> Tensor:
        weight: Tensor = self.point_embeddings[i].weight[0]  # type: ignore[index]
        return weight
