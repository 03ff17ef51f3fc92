"""What the official protocol looked at in an edit: which detection it took for the target."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from torch import Tensor

from gsi_bench_dataset.records import Detection, Sample
from gsi_bench_metric.protocols.official import operations as official

__all__ = ["Evidence", "evidence_of"]


@dataclasses.dataclass(frozen=True)
class Evidence:
    """A batch of one edit, and the number of the edited detection that the protocol took for the target."""

    batch: official.EditBatch
    original_found: bool
    target: int | None

    @property
    def source_count(self) -> int:
        """Detections in the source."""
        return int(self.batch.source.count)

    @property
    def edited_count(self) -> int:
        """Detections in the edited image."""
        return int(self.batch.edited.count)

    @property
    def box(self) -> Tensor:
        """The target's box (1, 7)."""
        return self.batch.edited.boxes[:, self.target]

    @property
    def rotation(self) -> Tensor:
        """The target's rotation (1, 3, 3)."""
        return self.batch.edited.rotations[:, self.target]


def evidence_of(
    operation: str, sample: Sample, source: Sequence[Detection] | None, edited: Sequence[Detection] | None
) -> Evidence | None:
    """What the protocol saw of an object edit; None without detections and for operations that it has no object score for."""
    if source is None or edited is None or operation not in official.OBJECT_OPERATIONS:
        return None
    source, edited = (official.of_target_class(sample, found) for found in (source, edited))
    batch = official.pack_edits([sample], [source], [edited])
    original_found, _ = official.original_detection(batch)
    target = None
    if original_found and edited and operation != "remove":
        found, index = official.target_detection(operation, batch)
        target = int(index) if found else None
    return Evidence(batch, bool(original_found), target)
