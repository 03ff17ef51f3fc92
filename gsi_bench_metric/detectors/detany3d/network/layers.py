"""Small parts that several modules share."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["LayerNorm2d", "LayerScale", "PatchEmbed", "attend", "resize", "resize_grid"]

VIT_EPS = 1e-6  # of the layer norms in SAM, DINOv2 and the adapters; elsewhere 1e-5, PyTorch's default


class LayerNorm2d(nn.Module):
    """Layer norm over the channels of (B, C, H, W), at each pixel."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same."""
        normed = functional.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, VIT_EPS)
        return normed.permute(0, 3, 1, 2)


class LayerScale(nn.Module):
    """A learned factor for each channel."""

    def __init__(self, channels: int):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) -> the same."""
        return x * self.gamma


class PatchEmbed(nn.Module):
    """Images to patch tokens."""

    def __init__(self, patch_size: int, width: int):
        super().__init__()
        self.proj = nn.Conv2d(3, width, patch_size, patch_size)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, H/patch, W/patch, C)."""
        out: Tensor = self.proj(x)
        return out.permute(0, 2, 3, 1)


def attend(q: Tensor, k: Tensor, v: Tensor, heads: int, bias: Tensor | None = None) -> Tensor:
    """Softmax attention of (B, N, C) queries to (B, M, C) keys, split over `heads`; `bias` is (B, heads, N, M)."""

    def split(x: Tensor) -> Tensor:
        return x.unflatten(-1, (heads, -1)).transpose(1, 2)

    mixed = functional.scaled_dot_product_attention(split(q), split(k), split(v), attn_mask=bias)
    return mixed.transpose(1, 2).flatten(2)


def resize(x: Tensor, size: tuple[int, int], mode: str = "bilinear", **options: Any) -> Tensor:
    """Maps (B, C, H, W) at another size, half-pixel centres unless `align_corners` is among the options."""
    if x.shape[-2:] == size:
        return x
    return functional.interpolate(x, size=size, mode=mode, **({"align_corners": False} | options))


def resize_grid(x: Tensor, size: tuple[int, int], mode: str = "bilinear", **options: Any) -> Tensor:
    """`resize` for channels last, (B, H, W, C)."""
    return resize(x.permute(0, 3, 1, 2), size, mode, **options).permute(0, 2, 3, 1)
