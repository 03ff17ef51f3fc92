"""The decoder: one image's encoding and N prompts -> three hypotheses of a 3D box for each, and a guess which is best."""

from __future__ import annotations

import dataclasses
import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from gsi_bench_metric.detectors.detany3d.config import Config
from gsi_bench_metric.detectors.detany3d.network.layers import LayerNorm2d, resize
from gsi_bench_metric.detectors.detany3d.network.two_way import TwoWayTransformer

__all__ = ["Hypotheses", "MaskDecoder", "Masks"]


@dataclasses.dataclass(frozen=True)
class Hypotheses:
    """Raw numbers of H hypotheses for N prompts. Lengths are fractions of the padded image's side."""

    boxes: Tensor  # (H, N, 6): projected 3D centre u, v; 2D box cx, cy, w, h
    depth: Tensor  # (H, N, 2): log metres (not clamped), log variance
    size: Tensor  # (H, N, 3): log metres w, h, l
    heading: Tensor  # (H, N, 24): logits of 12 headings, then their residuals in radians
    pose: Tensor  # (H, N, 6)
    iou: Tensor  # (N, H): predicted quality


@dataclasses.dataclass(frozen=True)
class Masks:
    """Three masks a prompt, as SAM makes them."""

    logits: Tensor  # (N, 3, pad, pad)
    iou: Tensor  # (N, 3)


class Head(nn.Module):
    """Linear layers with ReLUs between them."""

    def __init__(self, inputs: int, hidden: int, outputs: int, count: int = 3):
        super().__init__()
        widths = [inputs, *[hidden] * (count - 1), outputs]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(widths))

    def forward(self, x: Tensor) -> Tensor:
        """(..., inputs) -> (..., outputs)."""
        for layer in self.layers[:-1]:
            x = functional.relu(layer(x))
        out: Tensor = self.layers[-1](x)
        return out


class MaskDecoder(nn.Module):
    """SAM's decoder, extended to 3D boxes; the name is the checkpoint's. Masks are made where `Config` asks for them."""

    def __init__(self, config: Config):
        super().__init__()
        width, sizes, hidden = config.sam.out_chans, config.decoder, config.decoder.head_hidden
        self.grid, self.pad, self.boxes, self.masks = config.grid, config.pad, sizes.box_tokens, sizes.mask_tokens
        self.transformer = TwoWayTransformer(width, sizes)
        self.transformer2 = TwoWayTransformer(width, sizes)  # only its first layer is read
        self.iou_token = nn.Embedding(1, width)
        self.box_iou_token = nn.Embedding(1, width)
        self.mask_tokens = nn.Embedding(sizes.mask_tokens, width)
        self.box_token = nn.Embedding(sizes.box_tokens, width)
        self.box_token_3d = nn.Embedding(sizes.box_tokens, width)
        self.bbox_heads = self._heads(width, 6, hidden)
        self.bbox_3d_depth_heads = self._heads(width, 2, hidden)
        self.bbox_3d_dims_heads = self._heads(width, 3, hidden)
        self.bbox_3d_rotation_matrix_heads = self._heads(width, 6, hidden)
        self.bbox_3d_alpha_cls_heads = self._heads(width, 24, hidden)
        self.bbox_iou_prediction_head = Head(width, hidden, sizes.box_tokens)
        depth = config.depth.hidden_dim
        self.zero_conv2d = nn.Conv2d(depth, width, 1)
        self.zero_conv2d_cam = nn.Conv2d(4 * depth, width, 1)
        self.zero_conv2d_metric = nn.Conv2d(2 * depth, width, 1)
        self.out_zero_conv2d = nn.Conv2d(width, width, 1)
        if config.masks:
            self.output_upscaling = nn.Sequential(
                nn.ConvTranspose2d(width, width // 4, 2, 2), LayerNorm2d(width // 4), nn.GELU(),
                nn.ConvTranspose2d(width // 4, width // 8, 2, 2), nn.GELU(),
            )  # fmt: skip
            self.output_hypernetworks_mlps = nn.ModuleList(Head(width, width, width // 8) for _ in range(sizes.mask_tokens))
            self.iou_prediction_head = Head(width, hidden, sizes.mask_tokens)

    def _heads(self, width: int, outputs: int, hidden: int) -> nn.ModuleList:
        return nn.ModuleList(Head(width, hidden, outputs) for _ in range(self.boxes))

    def forward(self, image: Tensor, geometry: Tensor, places: Tensor, prompts: Tensor) -> tuple[Tensor, Tensor]:
        """Image embedding with the no-mask code, geometry and places (1, E, T, T), prompts (N, p, E) -> final tokens and image.

        Tokens are (N, 12 + p, E) in the order of `_own_tokens`, then the prompts; the image is (N, T*T, E).
        """
        count = len(prompts)
        tokens = torch.cat([self._own_tokens().expand(count, -1, -1), prompts], dim=1)
        seen, code = to_tokens(image).expand(count, -1, -1), to_tokens(places).expand(count, -1, -1)
        control = self._control(tokens, to_tokens(image + geometry).expand(count, -1, -1), code)
        out: tuple[Tensor, Tensor] = self.transformer(tokens, seen, code, control)
        return out

    def geometry(self, depth: Tensor, camera: Tensor, metric: Tensor) -> Tensor:
        """Depth features (B, h_t, w_t, M), camera (B, 4, M) and metric (B, 2, M) features -> (B, E, T, T).

        All are zero in the padding *before* the convolutions, so that padded cells carry the biases.
        """
        valid = depth.shape[1:3]
        total = self.zero_conv2d(self._padded(depth.permute(0, 3, 1, 2)))
        for conv, vector in ((self.zero_conv2d_cam, camera), (self.zero_conv2d_metric, metric)):
            total = total + conv(self._padded(vector.flatten(1)[:, :, None, None].expand(-1, -1, *valid)))
        return total

    def hypotheses(self, tokens: Tensor) -> Hypotheses:
        """What the final tokens (N, n, E) say."""
        first = 2 + self.masks
        box = tokens[:, first : first + self.boxes].unbind(1)
        box_3d = tokens[:, first + self.boxes : first + 2 * self.boxes].unbind(1)

        def read(heads: nn.ModuleList, inputs: tuple[Tensor, ...]) -> Tensor:
            return torch.stack([head(x) for head, x in zip(heads, inputs, strict=True)])

        return Hypotheses(
            boxes=read(self.bbox_heads, box).sigmoid(),
            depth=read(self.bbox_3d_depth_heads, box_3d),
            size=read(self.bbox_3d_dims_heads, box_3d),
            heading=read(self.bbox_3d_alpha_cls_heads, box_3d),
            pose=read(self.bbox_3d_rotation_matrix_heads, box_3d),
            iou=self.bbox_iou_prediction_head(tokens[:, 1]).sigmoid(),
        )

    def make_masks(self, tokens: Tensor, image: Tensor) -> Masks:
        """SAM's masks from the final tokens and image tokens; the first of the four is left out."""
        upscaled = self.output_upscaling(image.transpose(1, 2).unflatten(2, (self.grid, self.grid)))
        heads = self.output_hypernetworks_mlps
        weights = torch.stack([head(tokens[:, 2 + i]) for i, head in enumerate(heads)], dim=1)[:, 1:]
        logits = torch.einsum("nmc,nchw->nmhw", weights, upscaled)
        return Masks(resize(logits, (self.pad, self.pad)), self.iou_prediction_head(tokens[:, 0])[:, 1:])

    def _own_tokens(self) -> Tensor:
        """(1, 12, E): mask quality, box quality, four masks, three boxes, three 3D boxes."""
        tables = (self.iou_token, self.box_iou_token, self.mask_tokens, self.box_token, self.box_token_3d)
        return torch.cat([table.weight for table in tables])[None]

    def _control(self, tokens: Tensor, image: Tensor, places: Tensor) -> Tensor:
        """What the image with the geometry adds to the image without, (N, T*T, E)."""
        _, changed = self.transformer2.layers[0](tokens, image, tokens, places)
        side = math.isqrt(changed.shape[1])
        return to_tokens(self.out_zero_conv2d(changed.transpose(1, 2).unflatten(2, (side, side))))

    def _padded(self, x: Tensor) -> Tensor:
        return functional.pad(x, (0, self.grid - x.shape[-1], 0, self.grid - x.shape[-2]))


def to_tokens(x: Tensor) -> Tensor:
    """(B, E, T, T) -> (B, T*T, E)."""
    return x.flatten(2).transpose(1, 2)
