"""What the network that tells turns learns from: drawn objects lie in their boxes, turned as the groups say."""

import dataclasses

import numpy as np
import pytest
import torch

from gsi_bench_metric.detectors.tracker.turns.drum import AZIMUTHS, CROP, turned_by
from gsi_bench_metric.detectors.tracker.turns.network import TurnNetwork
from tools.turn_network import learning
from tools.turn_network.drawing import drawn
from tools.turn_network.groups import SHOWN, batch_of, groups_in, save
from tools.turn_network.learning import loss_of, off_by, pairs_of, varied
from tools.turn_network.training import asked_of


@pytest.fixture(scope="module")
def groups():
    return drawn(3, ["mug", "book"], [], [])[:6]


def beside(group, image):
    """How far the points that an image shows of the object lie beside its box, half diagonals (P,)."""
    rows, columns = np.nonzero(group.shows[image] == 1)
    column, row, side = group.window
    pixels = np.stack([columns, rows], 1) * (side / SHOWN) + side / SHOWN / 2 + (column - side / 2, row - side / 2)
    rays = np.column_stack([(pixels - group.lens[2:]) / group.lens[:2], np.ones(len(pixels))])
    points = rays * group.depth[image][rows, columns, None].astype(float) - group.box[:3]
    rotation = turned_by(group.up, group.turns[image]) @ group.rotation
    out = np.maximum(np.abs(points @ rotation) - group.box[3:] / 2, 0)
    return np.linalg.norm(out, axis=1) / (np.linalg.norm(group.box[3:]) / 2)


def test_what_is_drawn_lies_in_the_box_as_it_is_turned(groups):
    assert len(groups) == 6
    for group in groups:
        for image in range(len(group.turns)):
            assert np.quantile(beside(group, image), 0.95) < 0.06


def test_another_turn_does_not_fit_the_box(groups):
    long = max(groups, key=lambda g: g.box[3:5].max() / g.box[3:5].min())
    wrong = dataclasses.replace(long, turns=long.turns + np.array([0, *[np.pi / 2] * 4]))
    assert max(np.quantile(beside(wrong, image), 0.95) for image in range(1, 5)) > 0.15


def test_groups_survive_their_file(groups, tmp_path):
    save(tmp_path / "000000.npz", groups)
    again = list(groups_in([tmp_path / "000000.npz"]))
    assert len(again) == len(groups)
    for first, second in zip(groups, again, strict=True):
        for name, value in vars(first).items():
            assert np.array_equal(value, getattr(second, name))


def test_the_same_number_draws_the_same_groups(groups):
    again = drawn(3, ["mug", "book"], [], [])[:6]
    assert all(np.array_equal(a.rgb, b.rgb) for a, b in zip(groups, again, strict=True))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_varied_images_still_show_objects_in_their_boxes(groups, seed):
    """Mirrored, cut anew, with boxes that are a little wrong."""
    batch = varied(batch_of(groups), torch.Generator().manual_seed(seed))
    for n, group in enumerate(groups):
        parts = (getattr(batch.placed, name)[n].numpy().astype(float) for name in ("box", "rotation", "window", "lens", "up"))
        box, rotation, window, lens, up = parts
        seen = {"shows": batch.shows[n].numpy(), "depth": batch.depth[n].numpy(), "turns": batch.turns[n].numpy().astype(float)}
        placed = {"box": box, "rotation": rotation, "window": window, "lens": lens, "up": up / np.linalg.norm(up)}
        changed = dataclasses.replace(group, **seen, **placed)
        assert max(np.quantile(beside(changed, image), 0.8) for image in range(5)) < 0.2


def test_other_surroundings_leave_the_object_as_it_is(groups, monkeypatch):
    monkeypatch.setattr(learning, "_ELSEWHERE", 1.0)
    batch = batch_of(groups)
    placed = learning._elsewhere(batch, torch.Generator().manual_seed(0))
    shows = torch.nn.functional.interpolate((batch.shows == 1).float(), CROP, mode="bilinear")[:, :, None].expand_as(batch.rgb)
    assert torch.allclose(placed.rgb[shows == 1], batch.rgb[shows == 1])
    assert (placed.rgb - batch.rgb)[shows == 0].abs().mean() > 0.02
    assert torch.equal(placed.shows == 1, batch.shows == 1)


def test_a_few_steps_learn_a_few_groups(groups):
    torch.manual_seed(0)
    network, batch = TurnNetwork(), batch_of(groups)
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
    losses = []
    for _ in range(12):
        loss = loss_of(pairs_of(network, batch, fast=False), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] - 0.5


def test_errors_are_counted_modulo_symmetry(groups):
    network = TurnNetwork().eval()
    with torch.no_grad():
        pairs = pairs_of(network, batch_of(groups), fast=False)
    assert pairs.logits.shape == (len(groups) * 25, AZIMUTHS)
    assert (off_by(pairs) <= 180 / pairs.period + 1e-3).all()


def test_between_two_steps_logits_are_mixed():
    logits = torch.arange(float(AZIMUTHS))[None]
    step = 2 * np.pi / AZIMUTHS
    assert asked_of(logits, torch.tensor([2.5 * step])).item() == pytest.approx(2.5)
    assert asked_of(logits, torch.tensor([-step])).item() == pytest.approx(AZIMUTHS - 1, abs=1e-3)


def test_images_have_the_size_that_the_network_looks_at(groups):
    assert groups[0].rgb.shape == (5, CROP, CROP, 3)
    assert groups[0].shows.shape == groups[0].depth.shape == (5, SHOWN, SHOWN)
