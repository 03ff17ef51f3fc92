"""Composed tables keep the rules that edits rely on."""

import itertools

import numpy as np
import pytest

from gsi_bench_builders.assets.library import kinds
from gsi_bench_builders.assets.looks import EmbeddedLooks
from gsi_bench_builders.composition.choosing import choose
from gsi_bench_builders.composition.compose import THEMES, CompositionError, compose, flaws
from gsi_bench_builders.composition.placing import edge_margin, picture_box, visible_shares
from gsi_bench_builders.composition.themes import missing_names, names_of
from gsi_bench_builders.footprints import footprint
from gsi_bench_builders.polygons import gap
from gsi_bench_builders.scene import Scene

SEEDS = range(30)
SIZE = 384
LOOKS = EmbeddedLooks(6)  # few looks, so that each is made once for all tables


def furnished(theme: str) -> bool:
    return sum(bool(set(k.places) & set(THEMES[theme].places)) for k in kinds().values()) >= 8


@pytest.fixture(scope="module", params=sorted(THEMES))
def tables(request: pytest.FixtureRequest) -> list[Scene]:
    if not furnished(request.param):
        pytest.skip(f"fewer than eight kinds for {request.param}")
    return [compose(request.param, seed, f"{request.param}_{seed}", SIZE, looks=LOOKS) for seed in SEEDS]


def test_things_stand_apart_on_the_support(tables):
    for scene in tables:
        standing = [t for t in scene.things if t.on is None]
        for a, b in itertools.combinations(standing, 2):
            assert gap(footprint(a), footprint(b)) >= 0.015 - 1e-9, f"{a.id} and {b.id} in {scene.id}"
        for thing in standing:
            assert edge_margin(footprint(thing), scene.support) >= 0.02 - 1e-9
            assert thing.base_z == pytest.approx(scene.support.z, abs=1e-9)
            assert thing.is_upright


def test_what_is_carried_stands_on_its_carrier(tables):
    carried = [(scene, t) for scene in tables for t in scene.things if t.on]
    for scene, thing in carried:
        carrier = scene.thing(thing.on)
        outline = carrier.receptacle_outline()
        assert thing.base_z == pytest.approx(outline[:, 2].mean(), abs=1e-9)
        low, high = footprint(thing).min(axis=0), footprint(thing).max(axis=0)
        for other in scene.carried_by(carrier.id):
            assert other.id == thing.id or gap(footprint(other), footprint(thing)) > 0
        assert (low >= outline[:, :2].min(axis=0)).all()
        assert (high <= outline[:, :2].max(axis=0)).all()


def test_the_camera_frames_all_things(tables):
    for scene in tables:
        for thing in scene.things:
            box = picture_box(scene.camera, thing) / SIZE
            assert box.min() >= 0.05 - 1e-9
            assert box.max() <= 0.95 + 1e-9
        shares = visible_shares(scene.camera, scene.things)
        assert sum(share < 0.7 for share in shares) <= 1
        forward = np.array(scene.camera.rotation[2])
        assert 24 - 1e-6 <= np.degrees(np.arcsin(-forward[2])) <= 42 + 1e-6


def test_there_is_enough_to_talk_about(tables):
    for scene in tables:
        assert sum(t.info.nameable for t in scene.things) >= 5
        assert 6 <= len(scene.things) <= 14
        ids = [t.id for t in scene.things]
        assert len(set(ids)) == len(ids)
        for thing in scene.things:
            category, _, number = thing.id.rpartition("_")
            assert category == thing.info.category.replace(" ", "_")
            assert number.isdecimal()


def test_kinds_come_once_but_for_one_pair(tables):
    pairs = 0
    for scene in tables:
        names = [t.info.category for t in scene.things]
        assert len(names) - len(set(names)) <= 1
        pairs += len(names) - len(set(names))
    assert 1 <= pairs <= 20


def test_tables_differ_and_repeat(tables):
    assert len({scene.things for scene in tables}) == len(tables)
    assert len({scene.camera for scene in tables}) == len(tables)
    assert all(not flaws(scene) for scene in tables)
    theme = tables[0].id.split("_")[0]
    again = compose(theme, 0, tables[0].id, SIZE, looks=LOOKS)
    assert again == tables[0]
    assert compose(theme, np.random.default_rng(0), tables[0].id, SIZE, looks=LOOKS) == again


def test_an_unknown_theme_is_named():
    with pytest.raises(KeyError, match="no theme 'garage'; there are dining"):
        compose("garage", 0, "x", SIZE)


def test_a_failure_counts_its_reasons(monkeypatch):
    monkeypatch.setattr("gsi_bench_builders.composition.compose.flaws", lambda scene: ["too dull"])
    with pytest.raises(CompositionError, match=r"no desk table x in 60 attempts: .*too dull"):
        compose("desk", 0, "x", SIZE, looks=EmbeddedLooks(2))


def test_choices_use_known_kinds_only():
    for name, theme in THEMES.items():
        for seed in range(5):
            for choice in choose(theme, np.random.default_rng(seed), EmbeddedLooks(2)):
                assert choice.info.category in kinds(), name


def test_the_tables_of_names_do_not_rot():
    """Names that no kind is registered for are passed over; this lists them so that a misspelt one is found."""
    missing = missing_names()
    assert len(missing) == len(set(missing))
    for theme in THEMES.values():
        known = [n for n in names_of(theme) if n in kinds()]
        if furnished(theme.name):
            assert len(known) >= 5, f"{theme.name} knows only {known}; missing: {', '.join(missing)}"
