#!/usr/bin/env python
"""Builds the robothor split, as `gsi-bench build robothor` does: `build_robothor.py --out GSI-Bench/GSI-Bench`."""

import sys

from gsi_bench_dataset.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["build", "robothor", *sys.argv[1:]]))
