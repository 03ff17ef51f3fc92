"""The depth head's attention block and MLP. Layer norms here have PyTorch's default epsilon, unlike the transformers'."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from gsi_bench_metric.detectors.detany3d.network.layers import LayerScale, attend

__all__ = ["AttentionBlock", "Mlp"]


class Mlp(nn.Module):
    """Layer norm, linear, GELU, linear."""

    def __init__(self, width: int, expansion: int, out: int | None = None):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.proj1 = nn.Linear(width, expansion * width)
        self.proj2 = nn.Linear(expansion * width, out or width)

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) -> (..., out)."""
        projected: Tensor = self.proj2(functional.gelu(self.proj1(self.norm(x))))
        return projected


class AttentionBlock(nn.Module):
    """Tokens attend to a context, single-headed; then an MLP. Positions are added after the projections.

    With `heads_within`, attention runs *between the heads of each token* and tokens never mix. That is what the released
    weights were trained with: the published code hands its Nystrom operator the axes in another order than it expects, and
    with 8 "tokens" the operator takes its exact branch.
    """

    def __init__(self, width: int, expansion: int, heads_within: int | None = None):
        super().__init__()
        self.heads_within = heads_within
        self.mlp = Mlp(width, expansion)
        self.kv = nn.Linear(width, 2 * width)
        self.q = nn.Linear(width, width)
        self.norm_attnx = nn.LayerNorm(width)
        self.norm_attnctx = nn.LayerNorm(width)
        self.out = nn.Linear(width, width)
        self.ls1 = LayerScale(width)
        self.ls2 = LayerScale(width)

    def forward(
        self, x: Tensor, context: Tensor | None = None, *, pos_q: Tensor | None = None, pos_k: Tensor | None = None
    ) -> Tensor:
        """Tokens (B, N, C) and a context (B, L, C), themselves if None -> (B, N, C)."""
        k, v = self.kv(self.norm_attnctx(x if context is None else context)).chunk(2, dim=-1)
        q = self.q(self.norm_attnx(x))
        q = q if pos_q is None else q + pos_q
        k = k if pos_k is None else k + pos_k
        mixed = attend(q, k, v, 1) if self.heads_within is None else _attend_within(q, k, v, self.heads_within)
        x = x + self.ls1(self.out(mixed))
        out: Tensor = x + self.ls2(self.mlp(x))
        return out


def _attend_within(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    q, k, v = (t.unflatten(-1, (heads, -1)) for t in (q, k, v))  # B N heads d: attention over the heads
    return functional.scaled_dot_product_attention(q, k, v).flatten(-2)
