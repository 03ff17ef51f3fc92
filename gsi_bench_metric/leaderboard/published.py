"""The paper's Table 2 as it was published: numbers to read beside a leaderboard, never ranked with it."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping, Sequence
from importlib import resources

from gsi_bench_metric.pages.numbers import fixed
from gsi_bench_metric.pages.tables import Cell, Heading, Row, Table

__all__ = ["LABEL", "Published", "published"]

LABEL = "published, not re-measured"
_COLUMNS = {"ic": "IC", "sa": "SA", "ac": "AC", "el": "EL", "average": "Average"}
_SIGNS = "abcdefgh"  # of the notes on single rows


@dataclasses.dataclass(frozen=True)
class Published:
    """Rows of the paper's table, 0–100, with its source.

    Attributes:
        rows: (split, model) -> numbers by key, in the paper's order.
        anomalies: (split, model, what is odd about that row).
        remarks: what else a reader must know.
        n: split -> samples that the paper names.
    """

    source: str
    rows: Mapping[tuple[str, str], Mapping[str, float]]
    anomalies: Sequence[tuple[str, str, str]]
    remarks: Sequence[str]
    n: Mapping[str, int]

    @property
    def splits(self) -> list[str]:
        """Splits with numbers."""
        return list(dict.fromkeys(split for split, _ in self.rows))

    def sign(self, split: str, model: str) -> str:
        """The sign of the footnote on a row; empty where there is none."""
        return next((s for s, (at, of, _) in zip(_SIGNS, self.anomalies, strict=False) if (at, of) == (split, model)), "")

    @property
    def footnotes(self) -> list[tuple[str, str]]:
        """(sign, text); remarks on no single row have no sign."""
        marked = [(s, f"{split}, {model}: {text}") for s, (split, model, text) in zip(_SIGNS, self.anomalies, strict=False)]
        return marked + [("", text) for text in self.remarks]

    def table(self, split: str) -> Table:
        """Models × numbers with the paper's two decimals."""
        rows = [
            Row(model, f"note {sign}" if (sign := self.sign(at, model)) else "", [Cell(fixed(v[k], 2)) for k in _COLUMNS])
            for (at, model), v in self.rows.items()
            if at == split
        ]
        return Table("Model", [Heading(words) for words in _COLUMNS.values()], rows)


@functools.cache
def published() -> Published:
    """The table of the package's data."""
    text = (resources.files(__package__) / "published_table2.json").read_text(encoding="utf-8")
    data = json.loads(text)
    return Published(
        source=data["source"],
        rows={(row["split"], row["model"]): {key: float(row[key]) for key in _COLUMNS} for row in data["rows"]},
        anomalies=[(found["split"], found["model"], found["text"]) for found in data["anomalies"]],
        remarks=data["remarks"],
        n=data["n"],
    )
