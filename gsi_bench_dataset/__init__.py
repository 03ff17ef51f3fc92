"""GSI-Bench samples: what a sample is, and every form it is kept in.

This package needs neither torch nor a GPU: reading, writing, importing and exporting samples is all it does.
"""

from gsi_bench_dataset.records import (
    Detection,
    EncodedImage,
    Judgement,
    Operation,
    Prediction,
    RecordError,
    Sample,
    SceneObject,
    Score,
)

__version__ = "0.1.0"

__all__ = [
    "Detection",
    "EncodedImage",
    "Judgement",
    "Operation",
    "Prediction",
    "RecordError",
    "Sample",
    "SceneObject",
    "Score",
    "__version__",
]
