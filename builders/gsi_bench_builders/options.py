"""Types of options that several commands and recipes share."""

from __future__ import annotations

import argparse
from pathlib import Path

from gsi_bench_dataset.safety.names import printable

__all__ = ["path"]


def path(text: str) -> Path:
    """A path; a name that no file can have is a usage error."""
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError(f"expected a path, found {printable(text, 40)}")
    return Path(text)
