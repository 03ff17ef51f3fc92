"""Rooms leave the table to the things."""

import numpy as np
import pytest

from gsi_bench_builders.assets.rooms import STYLES, TRAINING_STYLES, room_parts
from gsi_bench_builders.composition.compose import THEMES
from gsi_bench_builders.scene import Room, Support

SEEDS = range(12)


def supports() -> list[Support]:
    found = {"studio": Support("table", "桌子", (-1.0, 1.0), (-0.5, 0.5), 0.75)}
    for theme in THEMES.values():
        width, depth, height = theme.width_m[0], theme.depth_m[1], theme.height_m[0]
        support = Support(theme.support, theme.support_zh, (-width / 2, width / 2), (-depth / 2, depth / 2), height)
        found[theme.style] = found[TRAINING_STYLES[theme.style]] = support
    return [found[style] for style in STYLES]


@pytest.fixture(params=list(zip(STYLES, supports(), strict=True)), ids=list(STYLES))
def style_and_support(request):
    return request.param


def test_every_theme_has_its_room():
    assert {theme.style for theme in THEMES.values()} <= set(STYLES)


def test_nothing_stands_above_the_support(style_and_support):
    style, support = style_and_support
    low = np.array([support.x[0], support.y[0], support.z]) + 1e-6
    high = np.array([support.x[1], support.y[1], support.z + 0.6]) - 1e-6
    for seed in SEEDS:
        for name, parts in room_parts(Room(style, seed), support):
            for part in parts:
                corners = part.mesh.vertices[np.maximum(part.mesh.faces, part.mesh.faces[:, :1])]
                over = (corners.max(axis=1) > low).all(axis=1) & (corners.min(axis=1) < high).all(axis=1)
                assert not over.any(), f"{name} of {style} {seed}"


def test_the_support_is_at_its_height(style_and_support):
    style, support = style_and_support
    for seed in SEEDS:
        name, parts = room_parts(Room(style, seed), support)[0]
        low, high = parts[0].mesh.bounds()
        level = low[2] if style == "studio" else high[2]  # a backdrop rises behind the things
        assert level == pytest.approx(support.z, abs=1e-9), f"{name} of {style} {seed}"
        assert (low[:2] <= np.array([support.x[0], support.y[0]]) + 1e-9).all()
        assert (high[:2] >= np.array([support.x[1], support.y[1]]) - 1e-9).all()


def test_rooms_repeat_and_differ(style_and_support):
    style, support = style_and_support

    def summary(seed: int) -> tuple[object, ...]:
        pieces = room_parts(Room(style, seed), support)
        return tuple((name, part.material, part.mesh.vertices.tobytes()) for name, parts in pieces for part in parts)

    assert summary(3) == summary(3)
    if style != "studio":
        assert len({hash(summary(seed)) for seed in SEEDS}) == len(SEEDS)
        tops = {room_parts(Room(style, seed), support)[0][1][0].material.colour for seed in SEEDS}
        assert len(tops) >= 3


def test_pieces_have_names_of_their_own(style_and_support):
    style, support = style_and_support
    for seed in SEEDS:
        names = [name for name, _ in room_parts(Room(style, seed), support)]
        assert len(set(names)) == len(names)


def test_an_unknown_style_is_named():
    with pytest.raises(KeyError, match="no room style 'attic'; there are dining"):
        room_parts(Room("attic", 0), supports()[0])


def test_another_top_changes_the_surface_and_nothing_else(style_and_support):
    style, support = style_and_support
    for seed in SEEDS:
        plain, other = room_parts(Room(style, seed), support), room_parts(Room(style, seed, seed + 1), support)
        assert other[0][1][0].material.colour != plain[0][1][0].material.colour
        before, after = (np.array(room[0][1][0].material.colour) for room in (plain, other))
        assert np.abs(before - after).max() > 0.15
        for (name, parts), (same_name, same_parts) in zip(plain, other, strict=True):
            assert same_name == name
            for part, changed in zip(parts, same_parts, strict=True):
                assert part.mesh.vertices.tobytes() == changed.mesh.vertices.tobytes()
                if name not in (plain[0][0], "worktop"):
                    assert part.material == changed.material
