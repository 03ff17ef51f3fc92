"""GSI-Bench samples: what a sample is, and every form it is kept in.

These names are what the package offers: records, datasets on disk, predictions, the reference's layout, the Hub. They are
listed with their signatures in docs/api.md and stay when modules move. Everything else is private by convention.

Importing the package loads none of them; each comes when it is first used. None needs torch or a GPU.
"""

from typing import TYPE_CHECKING

from gsi_bench_dataset.lazy import lazy_names
from gsi_bench_dataset.version import __version__

if TYPE_CHECKING:
    from gsi_bench_dataset.hub.publish import Target, push_dataset
    from gsi_bench_dataset.hub.pull import pull_dataset
    from gsi_bench_dataset.language.chinese import parse_zh
    from gsi_bench_dataset.language.english import parse
    from gsi_bench_dataset.layout.official import OfficialError, Rights, read_official
    from gsi_bench_dataset.layout.official_writer import Exported, ExportError, export_official, write_official
    from gsi_bench_dataset.records import (
        Change,
        Detection,
        EncodedImage,
        Fault,
        Judgement,
        Operation,
        Prediction,
        Reason,
        RecordError,
        Sample,
        SceneObject,
        Score,
    )
    from gsi_bench_dataset.remote.client import HubError, HubRef, fetch_dataset, fetch_official, parse_ref
    from gsi_bench_dataset.storage.card import read_content_hash
    from gsi_bench_dataset.storage.predictions import PredictionError, PredictionSet, read_predictions
    from gsi_bench_dataset.storage.shards import (
        DatasetError,
        read_dataset,
        split_names,
        split_sizes,
        verify_dataset,
        write_dataset,
    )


__all__ = [
    "Change",
    "DatasetError",
    "Detection",
    "EncodedImage",
    "ExportError",
    "Exported",
    "Fault",
    "HubError",
    "HubRef",
    "Judgement",
    "OfficialError",
    "Operation",
    "Prediction",
    "PredictionError",
    "PredictionSet",
    "Reason",
    "RecordError",
    "Rights",
    "Sample",
    "SceneObject",
    "Score",
    "Target",
    "__version__",
    "export_official",
    "fetch_dataset",
    "fetch_official",
    "parse",
    "parse_ref",
    "parse_zh",
    "pull_dataset",
    "push_dataset",
    "read_content_hash",
    "read_dataset",
    "read_official",
    "read_predictions",
    "split_names",
    "split_sizes",
    "verify_dataset",
    "write_dataset",
    "write_official",
]

_WHERE = {
    "records": (
        "Change",
        "Detection",
        "EncodedImage",
        "Fault",
        "Judgement",
        "Operation",
        "Prediction",
        "Reason",
        "RecordError",
        "Sample",
        "SceneObject",
        "Score",
    ),
    "storage.shards": ("DatasetError", "read_dataset", "split_names", "split_sizes", "verify_dataset", "write_dataset"),
    "storage.card": ("read_content_hash",),
    "storage.predictions": ("PredictionError", "PredictionSet", "read_predictions"),
    "layout.official": ("OfficialError", "Rights", "read_official"),
    "layout.official_writer": ("ExportError", "Exported", "export_official", "write_official"),
    "language.english": ("parse",),
    "language.chinese": ("parse_zh",),
    "remote.client": ("HubError", "HubRef", "fetch_dataset", "fetch_official", "parse_ref"),
    "hub.publish": ("Target", "push_dataset"),
    "hub.pull": ("pull_dataset",),
}

if not TYPE_CHECKING:  # a type checker reads the imports above, and then knows which names there are not
    __getattr__, __dir__ = lazy_names(__name__, _WHERE)
