"""A small network that tells how far an object turned between two images, from its box in the first one.

Both images are looked at by the same convolutions. What they show is gathered in the cells of a drum about the object's
vertical (`drum`), and read round the drum. A turn shifts the one reading against the other, so that one correlation tries all
turns at once. It was trained on objects drawn for it alone (`tools/turn_network`, docs/turns.md). Of the sample it knows image,
box and camera; of the edited image nothing but its pixels, and never what was asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from gsi_bench_metric.detectors.tracker.turns.drum import AZIMUTHS, CELLS, TOLD, Cells

__all__ = ["TurnNetwork"]

_WIDE = 24  # channels of the largest maps
_SEEN = 32  # numbers a pixel
_READ = 128  # numbers an azimuth
_SORTS = 16  # of correlations
_PLACED = 4  # more numbers a cell: whether and how well it lies on what is seen
_DOUBT = (-3.0, 0.0)  # logarithm of half diagonals
_FAR = 4.0  # standard deviations, beyond which a surface does not count in a cell
_MEAN, _SPREAD = 0.45, 0.25  # of colours, 0-1


class TurnNetwork(nn.Module):
    """See the module. Sizes: B pairs, N = `CROP` pixels, `_SEEN` and `_READ` numbers."""

    def __init__(self) -> None:
        super().__init__()
        wide = _WIDE
        self.fine = nn.Sequential(_convolution(5, wide, 5, 2), _Block(wide))
        self.middle = nn.Sequential(_convolution(wide, 2 * wide, 3, 2), _Block(2 * wide), _Block(2 * wide))
        self.coarse = nn.Sequential(_convolution(2 * wide, 4 * wide, 3, 2), _Block(4 * wide), _Block(4 * wide))
        self.of_fine, self.of_middle, self.of_coarse = (nn.Conv2d(n * wide, _SEEN, 1) for n in (1, 2, 4))
        self.merged = _convolution(_SEEN, _SEEN, 3, 1)
        self.shaped = nn.Conv2d(_SEEN, 3, 1)
        self.gathered = nn.Sequential(*_mixing(CELLS * (_SEEN + _PLACED) + TOLD, 2 * _READ), *_mixing(2 * _READ, _READ))
        self.round = nn.Sequential(_Round(_READ, 1), _Round(_READ, 2), _Round(_READ, 3), _Round(_READ, 1))
        self.read = nn.Conv1d(2 * _READ, _READ, 1)
        self.weighed = nn.Sequential(_ring(_SORTS, 48), nn.ReLU(), _ring(48, 48), nn.ReLU(), nn.Conv1d(48, 1, 1))
        self.straight = nn.Conv1d(_SORTS, 1, 1)
        told = _SORTS + _READ + AZIMUTHS + 2
        self.tellable = nn.Sequential(_ring(told, 64), nn.ReLU(), _ring(64, 64), nn.ReLU(), nn.Conv1d(64, 1, 1))

    def look(self, rgb: Tensor) -> Tensor:
        """What images (B, 3, N, N; 0-1) show: (B, `_SEEN`, N/2, N/2)."""
        size = rgb.shape[-1]
        line = torch.linspace(-1, 1, size).to(rgb)
        rows, columns = torch.meshgrid(line, line, indexing="ij")
        places = torch.stack([columns, rows])[None].expand(len(rgb), -1, -1, -1)
        fine = self.fine(torch.cat([(rgb - _MEAN) / _SPREAD, places], 1))
        middle = self.middle(fine)
        wide = self.of_middle(middle) + _doubled(self.of_coarse(self.coarse(middle)))
        found: Tensor = self.merged(self.of_fine(fine) + _doubled(wide))
        return found

    def shape(self, seen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Of the object that is looked at, each (B, N/2, N/2): logit of where it is seen, how far beyond the drum's middle its
        surface is (half diagonals of the box), and the logarithm of how wrong that may be."""
        shows, depth, doubt = self.shaped(seen).unbind(1)
        return shows, depth, doubt.clamp(*_DOUBT)

    def reading(self, seen: Tensor, cells: Cells) -> Tensor:
        """What is seen round the drum: (B, `_READ`, azimuths). A pixel counts in the cells that are as far as its surface."""
        shape = torch.stack(self.shape(seen), 1)
        values = functional.grid_sample(torch.cat([seen, shape], 1), cells.where, align_corners=False)
        colours, (shows, depth, doubt) = values[:, :-3], values[:, -3:].unbind(1)
        here = shows.sigmoid() * (cells.where.abs() < 1).all(-1).to(values)
        beyond = cells.depth - depth.clamp(cells.enter, cells.leave)
        counts = here * torch.exp(-((beyond / doubt.exp()).clamp(-_FAR, _FAR) ** 2) / 2)
        placed = torch.stack([counts, here, beyond.clamp(-1, 1), cells.inside], 1)
        values = torch.cat([colours * counts[:, None], placed], 1)
        values = values.permute(0, 2, 1, 3).reshape(len(seen), -1, AZIMUTHS)
        found = self.round(self.gathered(torch.cat([values, cells.told], 1)))
        whole: Tensor = self.read(torch.cat([found, found.mean(-1, keepdim=True).expand_as(found)], 1))
        return whole

    def turns(self, source: Tensor, edited: Tensor) -> Tensor:
        """Logits (B, azimuths) of turns by 0, 1, … steps of azimuth that take one reading to the other."""
        alike = _correlated(source, edited)
        found: Tensor = self.weighed(alike) + self.straight(alike)
        return found[:, 0]

    def can_tell(self, source: Tensor, as_edited: Tensor) -> Tensor:
        """Logits (B, azimuths): whether turns by so many steps will be told right, by the source alone.

        `as_edited`: the reading of the source as if it were the edited image: what it takes for no turn, others would be too.
        """
        steps = torch.arange(AZIMUTHS).to(source) * (2 * math.pi / AZIMUTHS)
        asked = torch.stack([steps.cos(), steps.sin()])[None].expand(len(source), -1, -1)
        whole = source.mean(-1, keepdim=True).expand_as(source)
        still = self.turns(source, as_edited).softmax(-1)[..., None].expand(-1, -1, AZIMUTHS)
        found: Tensor = self.tellable(torch.cat([_correlated(source, as_edited), whole, still, asked], 1))
        return found[:, 0]


def _correlated(first: Tensor, second: Tensor) -> Tensor:
    """Of readings (B, `_READ`, azimuths), under every shift of the first: (B, `_SORTS`, azimuths)."""
    product = torch.fft.rfft(first).conj() * torch.fft.rfft(second)
    sorts = product.view(len(first), _SORTS, -1, product.shape[-1]).sum(2)
    return torch.fft.irfft(sorts, n=AZIMUTHS) / AZIMUTHS


class _Block(nn.Module):
    """A residual block of an image."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(channels)

    def forward(self, values: Tensor) -> Tensor:
        return _residual(values, self.first, self.first_norm, self.second, self.second_norm)


class _Round(nn.Module):
    """A residual block round the drum, its cells so many steps apart."""

    def __init__(self, channels: int, apart: int) -> None:
        super().__init__()
        self.first = _ring(channels, channels, apart, bias=False)
        self.first_norm = nn.BatchNorm1d(channels)
        self.second = _ring(channels, channels, apart, bias=False)
        self.second_norm = nn.BatchNorm1d(channels)

    def forward(self, values: Tensor) -> Tensor:
        return _residual(values, self.first, self.first_norm, self.second, self.second_norm)


def _residual(values: Tensor, *layers: Callable[[Tensor], Tensor]) -> Tensor:
    first, first_norm, second, second_norm = layers
    return functional.relu(values + second_norm(second(functional.relu(first_norm(first(values))))))


def _convolution(given: int, made: int, side: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(given, made, side, stride, side // 2, bias=False), nn.BatchNorm2d(made), nn.ReLU())


def _mixing(given: int, made: int) -> tuple[nn.Module, ...]:
    return nn.Conv1d(given, made, 1, bias=False), nn.BatchNorm1d(made), nn.ReLU()


def _ring(given: int, made: int, apart: int = 1, *, bias: bool = True) -> nn.Conv1d:
    return nn.Conv1d(given, made, 5, padding=2 * apart, dilation=apart, padding_mode="circular", bias=bias)


def _doubled(values: Tensor) -> Tensor:
    return functional.interpolate(values, scale_factor=2, mode="bilinear", align_corners=False)
