#!/usr/bin/env python
"""Builds the bathroom split, as `gsi-bench build bathroom` does: `build_bathroom.py --out GSI-Bench/GSI-Bench`."""

import sys

from gsi_bench_dataset.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["build", "bathroom", *sys.argv[1:]]))
