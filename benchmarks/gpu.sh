#!/usr/bin/env bash
# GPU checks in one go (under 8 minutes): CPU and CUDA agree, edits/s and peak memory. Prints "not run" where no GPU is.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-$([ -x .venv/bin/python ] && echo .venv/bin/python || echo python3)}
if [ "$("$python" -c 'import torch; print(torch.cuda.is_available())')" != True ]; then
    echo "not run: no CUDA device on this machine"
    exit 0
fi
PYTHONPATH=. "$python" -m pytest -m gpu -rs tests/gpu
PYTHONPATH=. "$python" benchmarks/speed.py --only batches --device cuda --edits 96
PYTHONPATH=. "$python" benchmarks/speed.py --only batches --edits 24 --rounds 1
