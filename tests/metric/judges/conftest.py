"""What tests of judges share: a server on this machine, a tiny model, edits to rate."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from judge_stand_in import serve

__all__ = ["serve"]


@pytest.fixture(scope="session")
def tiny_vlm(tmp_path_factory) -> Callable[..., Path]:
    """`tiny_vlm(answer=None) -> Path`: folder of a random vision-language model, or of one that always says `answer`."""
    for needed in ("transformers", "tokenizers", "safetensors"):
        pytest.importorskip(needed, reason="judge 'local' is not installed; pip install 'gsi-bench[judge]'")
    spec = importlib.util.spec_from_file_location("tiny_vlm", Path(__file__).with_name("tiny_vlm.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    @functools.cache
    def make(answer: str | None = None) -> Path:
        return module.save_tiny_vlm(tmp_path_factory.mktemp("vlm"), answer)

    return make


@pytest.fixture
def make_items(make_sample, make_image) -> Callable[..., list[Any]]:
    """`make_items(count) -> list[JudgeItem]`: edits of one source."""
    from gsi_bench_dataset import EncodedImage  # noqa: PLC0415
    from gsi_bench_metric.imaging.pictures import Picture  # noqa: PLC0415
    from gsi_bench_metric.judges import JudgeItem  # noqa: PLC0415

    def make(count: int = 1, **fields: Any) -> list[JudgeItem]:
        samples = [make_sample(query_id=str(i), **fields) for i in range(count)]
        edited = [Picture(EncodedImage(make_image(seed=100 + i))) for i in range(count)]
        return [JudgeItem(s, Picture(s.image), e) for s, e in zip(samples, edited, strict=True)]

    return make
