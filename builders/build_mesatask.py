#!/usr/bin/env python
"""Builds the mesatask split, as `gsi-bench build mesatask` does: `build_mesatask.py --out GSI-Bench/GSI-Bench`."""

import sys

from gsi_bench_dataset.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["build", "mesatask", *sys.argv[1:]]))
