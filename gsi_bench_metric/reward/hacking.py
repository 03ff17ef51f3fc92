"""What the reward pays for attacks and for graded edits: a dataset of variants -> a table of attacks and one of grades."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from gsi_bench_dataset.records import Sample
from gsi_bench_dataset.storage.shards import read_dataset, resolve
from gsi_bench_dataset.variants import AFTER, GRADES
from gsi_bench_metric.imaging.images import RGB, load_rgb
from gsi_bench_metric.reward.attacks import ATTACKS, Attack, Victim
from gsi_bench_metric.reward.grading import Rated
from gsi_bench_metric.reward.spatial import SpatialReward
from gsi_bench_metric.validity.run import Family, families

__all__ = ["LEAST_FALL", "Paid", "attacked", "graded", "steps", "victims"]

LEAST_FALL = 0.02  # of a reward: less is the rounding of pixels


@dataclasses.dataclass(frozen=True)
class Paid:
    """What one image of an edit earned. `name`: of the attack or the grade."""

    sample_id: str
    operation: str
    name: str
    rated: Rated


def victims(data: str, split: str, limit: int | None = None) -> Iterator[Victim]:
    """The edits of a split of variants, each with its images.

    Raises:
        GridError: the split has no variants.
    """
    found = families(data, split, None)
    folder = resolve(data, None, [split])
    chosen = found if limit is None else found[:: max(1, len(found) // limit)][:limit]
    stranger: RGB | None = None
    for family in chosen:
        rows = _rows(folder, split, family)
        pictures = {name: load_rgb(row.edited_image) for name, row in rows.items() if row.edited_image is not None}
        other = stranger if stranger is not None else np.roll(load_rgb(rows[AFTER].image), 97, axis=1)[::-1].copy()
        # As the dataset itself has it, not as one of its variants.
        yield Victim(dataclasses.replace(rows[AFTER], variant=None), pictures, other)
        stranger = load_rgb(rows[AFTER].image)


def _rows(folder: object, split: str, family: Family) -> dict[str, Sample]:
    first, last = min(family.rows.values()), max(family.rows.values())
    rows = read_dataset(str(folder), split, rows=range(first, last + 1))
    return {row.variant: row for row in rows if row.parent_id == family.edit and row.variant is not None}


def attacked(reward: SpatialReward, victim: Victim, attacks: Sequence[Attack] = ATTACKS) -> list[Paid]:
    """What every attack earns on one edit."""
    made = [(attack.name, attack.make(victim)) for attack in attacks]
    return _paid(reward, victim, [(name, rgb) for name, rgb in made if rgb is not None])


def graded(reward: SpatialReward, victim: Victim) -> list[Paid]:
    """What 0, 20 … 100 % of the edit earn, as far as it has them."""
    return _paid(reward, victim, [(name, victim.variants[name]) for name in GRADES if name in victim.variants])


def _paid(reward: SpatialReward, victim: Victim, images: Sequence[tuple[str, RGB]]) -> list[Paid]:
    rated = reward.rate([rgb for _, rgb in images], [victim.sample.id] * len(images))
    return [Paid(victim.sample.id, victim.kind, name, found) for (name, _), found in zip(images, rated, strict=True)]


def steps(paid: Sequence[Paid]) -> list[tuple[str, str, float]]:
    """(sample, grade, gain) of every step from one grade to the next of the edits that are scored; a gain < 0 is a fall."""
    by_edit: dict[str, dict[str, Paid]] = {}
    for found in paid:
        if found.rated.scored:
            by_edit.setdefault(found.sample_id, {})[found.name] = found
    gains = []
    for name, grades in by_edit.items():
        order = sorted(grades, key=GRADES.__getitem__)
        gains += [(name, b, grades[b].rated.reward - grades[a].rated.reward) for a, b in itertools.pairwise(order)]
    return gains
