"""The fixtures of this folder's tests."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """A fresh cache of weights, not made yet."""
    monkeypatch.setenv("GSI_BENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
