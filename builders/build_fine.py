#!/usr/bin/env python
"""Builds the fine split, as `gsi-bench build fine` does: `build_fine.py PHOTOS --out GSI-Bench/GSI-Bench`."""

import sys

from gsi_bench_dataset.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["build", "fine", *sys.argv[1:]]))
