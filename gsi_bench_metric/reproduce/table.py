"""What came out beside what was published, as one table."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from gsi_bench_dataset.problems import some
from gsi_bench_metric.reproduce.differences import Difference
from gsi_bench_metric.reproduce.published import AGREES, NAMES, Published

__all__ = ["Found", "Reproduction", "reproduction_markdown"]


@dataclasses.dataclass(frozen=True)
class Found:
    """What one path gave: `numbers` by the keys of `NAMES`, means of `n` edits, or the `problem` that it met.

    `zeroed`: edits with IC that count 0 because no score of the judge belongs to them; `notes`: edits without a result.
    """

    numbers: Mapping[str, float] = dataclasses.field(default_factory=dict)
    n: int | None = None
    zeroed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str | None = None

    def agrees(self, published: Published) -> bool:
        """Whether every number is the verified one, to its three decimals."""
        return bool(self.numbers) and all(abs(self.numbers[n] - value) <= AGREES for n, value in published.numbers.items())


@dataclasses.dataclass(frozen=True)
class Reproduction:
    """All paths, the edits that come out otherwise than published, and what the bundle lacks."""

    published: Published
    found: Mapping[str, Found]
    differences: tuple[Difference, ...] = ()
    lacking: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether every path was gone and gave the verified numbers."""
        return all(f.agrees(self.published) for f in self.found.values())

    def to_json(self) -> dict[str, Any]:
        """All of it, for `reproduce.json`."""
        return {**dataclasses.asdict(self), "agrees": self.agrees}


def reproduction_markdown(made: Reproduction) -> str:
    """The page."""
    p = made.published
    lines = [
        f"# {p.editor} on {p.split}: {p.edits} edits",
        "",
        "| | verified |" + "".join(f" {path} | − verified |" for path in made.found),
        "| --- | ---: |" + " ---: | ---: |" * len(made.found),
    ]
    for name, label in NAMES.items():
        cells = "".join(_cells(found, name, p.numbers[name]) for found in made.found.values())
        lines.append(f"| {label} | {p.numbers[name]:.3f} |{cells}")
    lines.append("| edits | " + str(p.edits) + " |" + "".join(_count(f, p.edits) for f in made.found.values()))
    lines += ["", "**All paths give the verified numbers.**" if made.agrees else "**Not all paths give the verified numbers.**"]
    for path, found in made.found.items():
        lines += _remarks(path, found)
    if made.lacking:
        lines += ["", "## The bundle is not as it was published", "", *(f"- {what}" for what in made.lacking)]
    if "full" in made.found and not made.found["full"].problem:
        lines += ["", *_difference_table(made.differences)]
    return "\n".join(lines) + "\n"


def _cells(found: Found, name: str, verified: float) -> str:
    if name not in found.numbers:
        return " not done | |"
    value = found.numbers[name]
    return f" {value:.3f} | {value - verified:+.3f} |"


def _count(found: Found, edits: int) -> str:
    return " | |" if found.n is None else f" {found.n} | {found.n - edits:+d} |"


def _remarks(path: str, found: Found) -> list[str]:
    lines = []
    if found.problem:
        lines += ["", f"{path} was not done: {found.problem}"]
    if found.zeroed:
        lines += [
            "",
            f"{path}: {len(found.zeroed)} edits with IC count 0, no score of the judge belongs to them: {some(found.zeroed)}",
        ]
    if found.notes:
        lines += ["", f"{path}: {len(found.notes)} edits have no result:", "", *(f"- {note}" for note in found.notes)]
    return lines


def _difference_table(differences: tuple[Difference, ...]) -> list[str]:
    title = "## Edits that come out otherwise than published"
    if not differences:
        return [title, "", "None: every IC, SA, SSIM and LPIPS is the published one (SA to 1e-7, SSIM and LPIPS to 1e-4)."]
    lines = [title, "", "| edit | operation | published → here | which points to |", "| --- | --- | --- | --- |"]
    for d in differences:
        numbers = ", ".join(f"{name} {_number(a)} → {_number(b)}" for name, a, b in d.numbers)
        lines.append(f"| {d.key} | {d.operation} | {numbers} | {d.cause} |")
    return lines


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
