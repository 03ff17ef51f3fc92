"""What a visitor's own image, mark or numbers cannot give, as a text of the interface."""

from __future__ import annotations

from gsi_bench_metric.photos.problem import PhotoProblemError as OwnError

__all__ = ["OwnError"]  # `name` and `facts` are for the interface's own words (`own/texts.py`)
