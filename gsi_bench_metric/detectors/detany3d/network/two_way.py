"""SAM's two-way transformer: prompt tokens and image tokens attend to each other."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from gsi_bench_metric.detectors.detany3d.config import DecoderConfig
from gsi_bench_metric.detectors.detany3d.network.layers import attend

__all__ = ["TwoWayLayer", "TwoWayTransformer"]


class Attention(nn.Module):
    """Attention with separate projections, at the full or half the width."""

    def __init__(self, width: int, heads: int, inner: int):
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, inner)
        self.k_proj = nn.Linear(width, inner)
        self.v_proj = nn.Linear(width, inner)
        self.out_proj = nn.Linear(inner, width)

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """(B, N, E), (B, M, E), (B, M, E) -> (B, N, E)."""
        out: Tensor = self.out_proj(attend(self.q_proj(q), self.k_proj(k), self.v_proj(v), self.heads))
        return out


class Mlp(nn.Module):
    """Two linear layers with a ReLU between them."""

    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.lin1 = nn.Linear(width, hidden)
        self.lin2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """(..., E) -> the same."""
        out: Tensor = self.lin2(functional.relu(self.lin1(x)))
        return out


class TwoWayLayer(nn.Module):
    """Tokens among themselves, tokens to image, MLP, image to tokens; a layer norm after each."""

    def __init__(self, width: int, config: DecoderConfig, *, is_first: bool):
        super().__init__()
        heads = config.two_way_heads
        self.is_first = is_first
        self.self_attn = Attention(width, heads, width)
        self.norm1 = nn.LayerNorm(width)
        self.cross_attn_token_to_image = Attention(width, heads, width // 2)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width, config.two_way_mlp)
        self.norm3 = nn.LayerNorm(width)
        self.norm4 = nn.LayerNorm(width)
        self.cross_attn_image_to_token = Attention(width, heads, width // 2)

    def forward(self, tokens: Tensor, image: Tensor, initial: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (N, n, E) and image tokens (N, T*T, E), with their positions: the initial tokens and the places' code."""
        if self.is_first:
            tokens = self.self_attn(tokens, tokens, tokens)
        else:
            q = tokens + initial
            tokens = tokens + self.self_attn(q, q, tokens)
        tokens = self.norm1(tokens)
        tokens = self.norm2(tokens + self.cross_attn_token_to_image(tokens + initial, image + places, image))
        tokens = self.norm3(tokens + self.mlp(tokens))
        image = self.norm4(image + self.cross_attn_image_to_token(image + places, tokens + initial, tokens))
        return tokens, image


class TwoWayTransformer(nn.Module):
    """Its layers are called one by one, as something is added to the image between them."""

    def __init__(self, width: int, config: DecoderConfig):
        super().__init__()
        self.layers = nn.ModuleList(TwoWayLayer(width, config, is_first=i == 0) for i in range(config.two_way_depth))
        self.final_attn_token_to_image = Attention(width, config.two_way_heads, width // 2)
        self.norm_final_attn = nn.LayerNorm(width)

    def forward(self, tokens: Tensor, image: Tensor, places: Tensor, control: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (N, n, E), image tokens, their places and what joins them after the first layer, (N, T*T, E) -> both."""
        initial = tokens
        for i, layer in enumerate(self.layers):
            tokens, image = layer(tokens, image, initial, places)
            if i == 0:
                image = image + control
        attended = self.final_attn_token_to_image(tokens + initial, image + places, image)
        return self.norm_final_attn(tokens + attended), image
