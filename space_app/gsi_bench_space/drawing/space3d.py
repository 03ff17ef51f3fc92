"""The boxes in space, with the source's depth as coloured points where the sample has it."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from gsi_bench_dataset.layout.pixel_frame import BOX_EDGES
from gsi_bench_dataset.records import Sample
from gsi_bench_metric.imaging.images import load_numbers, load_rgb
from gsi_bench_space.scoring.findings import Solid

__all__ = ["cloud_of", "space_figure"]

Array = NDArray[np.float64]

_POINTS = 20000  # a phone still turns them
_COLOURS = {"original": "#64748b", "goal": "#16a34a", "found": "#f43f5e", "other": "#38bdf8"}
_MILLIMETRE = 0.001
_LEAST_REACH_M = 0.1


def cloud_of(sample: Sample) -> tuple[Array, NDArray[np.uint8]] | None:
    """Points (n, 3), metres, source camera's frame, and their colours (n, 3); None without depth or source pixels."""
    if sample.depth is None or sample.pixel_frame != "source":
        return None
    depth, rgb = load_numbers(sample.depth) * _MILLIMETRE, load_rgb(sample.image)
    rows, columns = np.nonzero(depth > 0)
    step = max(1, len(rows) // _POINTS)
    # A fixed draw: a regular grid shows stripes that are not there.
    chosen = np.random.default_rng(0).permutation(len(rows))[: len(rows) // step]
    rows, columns = rows[chosen], columns[chosen]
    rays = np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))], -1) @ np.linalg.inv(np.array(sample.camera_intrinsics)).T
    return rays * depth[rows, columns][:, None], rgb[rows, columns]


def space_figure(solids: Sequence[Solid], cloud: tuple[Array, NDArray[np.uint8]] | None, names: Mapping[str, str]) -> go.Figure:
    """The figure; `names`: what the kinds of boxes are called. Axes: right, away, up of the source camera."""
    traces: list[go.Scatter3d] = []
    if cloud is not None:
        points, colours = _near(solids, *cloud)
        x, y, z = _axes(points)
        shades = [f"rgb({r},{g},{b})" for r, g, b in colours.tolist()]
        traces.append(
            go.Scatter3d(
                x=x, y=y, z=z, mode="markers", marker={"size": 1.6, "color": shades}, hoverinfo="skip", showlegend=False
            )
        )
    named: set[str] = set()
    for solid in solids:
        traces.append(_box(solid, names[solid.kind], first=solid.kind not in named))
        named.add(solid.kind)
    figure = go.Figure(traces)
    hidden = {"visible": False}
    figure.update_layout(
        scene={
            "xaxis": hidden,
            "yaxis": hidden,
            "zaxis": hidden,
            "aspectmode": "data",
            "camera": {"eye": {"x": 0.3, "y": -1.25, "z": 0.75}, "up": {"x": 0, "y": 0, "z": 1}},
        },
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        height=420,
        paper_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": 0, "font": {"color": "#94a3b8"}},
    )
    return figure


def _near(solids: Sequence[Solid], points: Array, colours: NDArray[np.uint8]) -> tuple[Array, NDArray[np.uint8]]:
    """The points around the boxes: a wall far behind would make them tiny."""
    if not solids:
        return points, colours
    corners = np.concatenate([solid.corners for solid in solids])
    low, high = corners.min(0), corners.max(0)
    reach = max(_LEAST_REACH_M, 0.15 * float((high - low).max()))
    kept = ((points >= low - reach) & (points <= high + reach)).all(1)
    return points[kept], colours[kept]


def _box(solid: Solid, name: str, *, first: bool) -> go.Scatter3d:
    gap = np.full((1, 3), np.nan)
    x, y, z = _axes(np.concatenate([np.concatenate([solid.corners[[a, b]], gap]) for a, b in BOX_EDGES]))
    style = {"color": _COLOURS[solid.kind], "width": 2 if solid.kind == "other" else 6}
    return go.Scatter3d(
        x=x,
        y=y,
        z=z,
        mode="lines",
        line=style,
        name=name,
        legendgroup=solid.kind,
        showlegend=first,
        text=html.escape(solid.name),  # Plotly reads tags in it
        hoverinfo="text",
    )


def _axes(points: Array) -> tuple[list[float | None], ...]:
    """Right, away, up, as plain numbers of a millimetre; gaps are None."""
    plain = np.round(np.stack([points[:, 0], points[:, 2], -points[:, 1]]), 3)
    return tuple([None if np.isnan(v) else float(v) for v in row] for row in plain)
