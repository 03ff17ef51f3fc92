"""The direction in which each pixel looks, and its Fourier code."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from gsi_bench_metric.detectors.detany3d.network.layers import resize

__all__ = ["pixel_rays", "ray_code"]


def pixel_rays(K: Tensor, size: tuple[int, int]) -> Tensor:
    """Unit directions (B, 3, h', w') through the pixels' centres of cameras K (B, 3, 3)."""
    height, width = size
    y = torch.arange(height, device=K.device, dtype=K.dtype) + 0.5
    x = torch.arange(width, device=K.device, dtype=K.dtype) + 0.5
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    pixels = torch.stack([columns, rows, torch.ones_like(rows)]).flatten(1)  # 3, N
    return functional.normalize(torch.linalg.inv(K) @ pixels, dim=1).unflatten(2, size)


def ray_code(rays: Tensor, grid: tuple[int, int], camera_dim: int) -> Tensor:
    """Rays (B, 3, h', w') at a coarser grid, as (B, rows * columns, camera_dim + 3): sines, then the ray."""
    r = functional.normalize(resize(rays, grid, antialias=True), dim=1).flatten(2).transpose(1, 2)
    highest = math.log2(max(grid) // 2)
    frequencies = 2 ** torch.linspace(0, highest, camera_dim // 3, device=r.device, dtype=r.dtype)
    waves = (math.pi * r[..., None] * frequencies).sin()  # component-major
    return torch.cat([waves.flatten(2), r], dim=-1)
