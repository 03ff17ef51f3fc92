"""Names of forms, as `gsi-bench export --format` takes them: a new one is a module of its own and a line here."""

from __future__ import annotations

import importlib
from typing import Any, cast

from gsi_bench_dataset.trainers.form import Form

__all__ = ["FORMS", "form"]

FORMS: dict[str, str] = {
    "instructpix2pix": "gsi_bench_dataset.trainers.instructpix2pix",
    "kontext": "gsi_bench_dataset.trainers.kontext",
    "diffsynth": "gsi_bench_dataset.trainers.diffsynth",
    "bagel": "gsi_bench_dataset.trainers.bagel",
    "omnigen2": "gsi_bench_dataset.trainers.omnigen2",
    "ai-toolkit": "gsi_bench_dataset.trainers.ai_toolkit",
    "sharegpt-4o": "gsi_bench_dataset.trainers.sharegpt_4o",
    "uniworld": "gsi_bench_dataset.trainers.uniworld",
    "webdataset": "gsi_bench_dataset.trainers.web_dataset",
}


def form(name: str) -> Form:
    """The form of a name in `FORMS`."""
    module: Any = importlib.import_module(FORMS[name])
    return cast(Form, module)
