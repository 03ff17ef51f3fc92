"""How much of an image changed outside the places that an edit may touch: masks, masked SSIM and MSE, batched.

Images are (N, 3, H, W) floats on the 0–255 scale, masks (N, H, W) bool with True = counts. SSIM is Wang et al. 2004 with a
uniform 7×7 window and sample covariance, per channel, as scikit-image computes it by default.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Moments", "boxes_mask", "data_range", "masked_mean", "moments", "mse", "ssim", "ssim_map"]

_WINDOW = 7
_K1, _K2 = 0.01, 0.03


def boxes_mask(boxes: Tensor, valid: Tensor, height: int, width: int) -> Tensor:
    """True outside of the boxes: boxes (N, B, 4) `[x1, y1, x2, y2]` pixels, valid (N, B) -> (N, H, W) bool.

    The reference truncates to whole pixels, clips starts at 0 and ends at the image's size only; an end left of or above
    the image stays negative and counts from the far side, as a Python slice does (quirk 55).
    """
    start = boxes[..., :2].clamp(min=0).trunc()
    size = torch.tensor([width, height], dtype=boxes.dtype, device=boxes.device)
    end = torch.minimum(boxes[..., 2:], size).trunc()
    end = torch.where(end < 0, (end + size).clamp(min=0), end)
    columns = torch.arange(width, device=boxes.device)
    rows = torch.arange(height, device=boxes.device)
    in_columns = (columns >= start[..., 0, None]) & (columns < end[..., 0, None])
    in_rows = (rows >= start[..., 1, None]) & (rows < end[..., 1, None])
    inside = in_rows[..., :, None] & in_columns[..., None, :] & valid[..., None, None]
    return ~inside.any(-3)


def data_range(pictures: Tensor) -> Tensor:
    """Largest minus smallest value of each image (N,): what the reference takes for SSIM's range, from the second image."""
    return pictures.amax((1, 2, 3)) - pictures.amin((1, 2, 3))


class Moments(NamedTuple):
    """Sums over the 7×7 window at every pixel of images (N, 3, H, W) and of their squares."""

    pictures: Tensor
    sums: Tensor
    squares: Tensor


def moments(pictures: Tensor) -> Moments:
    """What SSIM needs of each side alone, so that a source shared by many edits gives it once."""
    return Moments(pictures, _window_sums(pictures), _window_sums(pictures * pictures))


def ssim_map(a: Tensor | Moments, b: Tensor | Moments, value_range: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """SSIM at every pixel and channel (N, 3, H, W), borders mirrored with the edge pixel repeated; value_range (N,).

    `dtype`: that of everything after the window sums. Sums of whole 0–255 values are exact in float32, so that float64 from
    there on is float64 throughout.
    """
    a, b = _moments(a), _moments(b)
    dtype = dtype or a.pictures.dtype
    size = _WINDOW**2
    mean_a, mean_b = a.sums.to(dtype) / size, b.sums.to(dtype) / size
    products = mean_a * mean_b
    mean_squares = mean_a.square_().add_(mean_b.square_())
    unbiased = size / (size - 1)
    variances = (a.squares.to(dtype) + b.squares.to(dtype)).div_(size).sub_(mean_squares).mul_(unbiased)
    covariance = _window_sums(a.pictures * b.pictures).to(dtype).div_(size).sub_(products).mul_(unbiased)
    c1 = ((_K1 * value_range.to(dtype)) ** 2).view(-1, 1, 1, 1)
    c2 = ((_K2 * value_range.to(dtype)) ** 2).view(-1, 1, 1, 1)
    numerator = products.mul_(2).add_(c1).mul_(covariance.mul_(2).add_(c2))
    return numerator.div_(mean_squares.add_(c1).mul_(variances.add_(c2)))


def ssim(
    a: Tensor | Moments,
    b: Tensor | Moments,
    mask: Tensor | None = None,
    value_range: Tensor | None = None,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """Mean SSIM (N,) over the mask's pixels, image border included; NaN where the mask keeps nothing.

    Without a mask: the mean without the outer 3 pixels, as scikit-image reports it. `value_range` defaults to the reference's
    choice, the range of the second image; `dtype` see `ssim_map`.
    """
    a, b = _moments(a), _moments(b)
    full = ssim_map(a, b, data_range(b.pictures) if value_range is None else value_range, dtype)
    if mask is None:
        edge = _WINDOW // 2
        return full[..., edge:-edge, edge:-edge].mean((1, 2, 3))
    return masked_mean(full, mask)


def _moments(side: Tensor | Moments) -> Moments:
    return side if isinstance(side, Moments) else moments(side)


def mse(a: Tensor, b: Tensor, mask: Tensor) -> Tensor:
    """Mean squared difference (N,) over the mask's pixels and the channels; NaN where the mask keeps nothing."""
    return masked_mean((a - b) ** 2, mask)


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean (N,) of values (N, C, H, W) over the pixels that mask (N, H, W) keeps, all channels; 0/0 = NaN."""
    # Chosen, not multiplied: SSIM may be 0/0 outside of the mask, and NaN times 0 is NaN.
    kept = torch.where(mask[:, None], values, 0)
    return kept.sum((1, 2, 3)) / (mask.sum((1, 2)) * values.shape[1])


def _window_sums(x: Tensor) -> Tensor:
    """Sum over a 7×7 window at every pixel, mirrored borders with the edge pixel repeated."""
    edge = _WINDOW // 2
    x = torch.cat((x[..., :edge].flip(-1), x, x[..., -edge:].flip(-1)), -1)
    x = torch.cat((x[..., :edge, :].flip(-2), x, x[..., -edge:, :].flip(-2)), -2)
    return _sum_of_window(_sum_of_window(x, -1), -2)


def _sum_of_window(x: Tensor, dim: int) -> Tensor:
    """Sums of 7 neighbours along a dimension, by four additions: pairs, then fours, then six, then seven.

    Less work than pooling, and free of the cancellation of running sums.
    """
    size = x.shape[dim]
    twos = x.narrow(dim, 0, size - 1) + x.narrow(dim, 1, size - 1)
    fours = twos.narrow(dim, 0, size - 3) + twos.narrow(dim, 2, size - 3)
    sixes = fours.narrow(dim, 0, size - 5) + twos.narrow(dim, 4, size - 5)
    return sixes.narrow(dim, 0, size - 6) + x.narrow(dim, 6, size - 6)
