"""SAM's vision transformer blocks: windowed or global attention with decomposed relative positions.

The same computation and names as in `segment_anything`. That package is not used: importing it loads torchvision, whose
compiled part must match the torch build exactly, and its attention calls no fused kernel.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from gsi_bench_metric.detectors.detany3d.config import SamConfig
from gsi_bench_metric.detectors.detany3d.network.layers import VIT_EPS, attend

__all__ = ["Block"]


class Attention(nn.Module):
    """Self-attention over a grid; scores get a bias from the distances in rows and in columns."""

    def __init__(self, width: int, heads: int, side: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.rel_pos_h = nn.Parameter(torch.zeros(2 * side - 1, width // heads))
        self.rel_pos_w = nn.Parameter(torch.zeros(2 * side - 1, width // heads))

    def forward(self, x: Tensor) -> Tensor:
        """(B, H, W, C) -> the same."""
        grid = (x.shape[1], x.shape[2])
        q, k, v = self.qkv(x.flatten(1, 2)).chunk(3, dim=-1)
        out: Tensor = self.proj(attend(q, k, v, self.heads, self._bias(q, grid)))
        return out.unflatten(1, grid)

    def _bias(self, q: Tensor, grid: tuple[int, int]) -> Tensor:
        """(B, heads, H*W, H*W); made of queries that are *not* divided by the root of their width."""
        height, width = grid
        split = q.unflatten(1, grid).unflatten(-1, (self.heads, -1))  # B H W heads d
        rows = torch.einsum("byxnd,ykd->bnyxk", split, distances(self.rel_pos_h, height).to(q.dtype))
        columns = torch.einsum("byxnd,xkd->bnyxk", split, distances(self.rel_pos_w, width).to(q.dtype))
        bias = rows[..., :, None] + columns[..., None, :]  # B heads H W H W
        return bias.flatten(4).flatten(2, 3)


def distances(table: Tensor, side: int) -> Tensor:
    """Entries (side, side, C) for query minus key. A table made for another side is interpolated linearly to this one."""
    if len(table) != 2 * side - 1:
        table = functional.interpolate(table.T[None], size=2 * side - 1, mode="linear")[0].T
    place = torch.arange(side, device=table.device)
    return table[place[:, None] - place[None, :] + side - 1]


class MLPBlock(nn.Module):
    """Two linear layers with the exact GELU between them."""

    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.lin1 = nn.Linear(width, hidden)
        self.lin2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) -> the same."""
        out: Tensor = self.lin2(functional.gelu(self.lin1(x)))
        return out


class Block(nn.Module):
    """Attention, in windows or over the whole grid, and MLP."""

    def __init__(self, config: SamConfig, *, is_global: bool):
        super().__init__()
        width = config.embed_dim
        self.window = 0 if is_global else config.window_size
        side = config.img_size // config.patch_size if is_global else config.window_size
        self.norm1 = nn.LayerNorm(width, eps=VIT_EPS)
        self.attn = Attention(width, config.num_heads, side)
        self.norm2 = nn.LayerNorm(width, eps=VIT_EPS)
        self.mlp = MLPBlock(width, width * config.mlp_ratio)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, T, C) -> the same. Windows tile the grid, which `Config` makes sure of."""
        normed = self.norm1(x)
        if self.window:
            x = x + from_windows(self.attn(to_windows(normed, self.window)), x.shape[1] // self.window)
        else:
            x = x + self.attn(normed)
        out: Tensor = x + self.mlp(self.norm2(x))
        return out


def to_windows(x: Tensor, side: int) -> Tensor:
    """(B, T, T, C) -> (B * n * n, side, side, C) with n = T / side."""
    batch, tokens, _, channels = x.shape
    n = tokens // side
    return x.reshape(batch, n, side, n, side, channels).transpose(2, 3).reshape(-1, side, side, channels)


def from_windows(x: Tensor, n: int) -> Tensor:
    """The inverse of `to_windows`."""
    _, side, _, channels = x.shape
    return x.reshape(-1, n, n, side, side, channels).transpose(2, 3).reshape(-1, n * side, n * side, channels)
