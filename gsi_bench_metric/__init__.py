"""GSI-Bench scores: what a number means, from pictures and records to the row of an editor.

Importing this package makes `evaluate.load("gsi_bench")` work on this machine, by a file in the Hugging Face cache (see
`gsi_bench_metric.hf.register`); `GSI_BENCH_NO_REGISTER=1` switches that off. It imports nothing heavy: scoring lives in
`gsi_bench_metric.run.scoring`, the metric for the evaluate library in `gsi_bench_metric.hf.evaluate_module`.
"""

import os
import warnings

from gsi_bench_metric.hf.register import register as _register

__all__: list[str] = []

if os.environ.get("GSI_BENCH_NO_REGISTER", "") in ("", "0"):
    try:
        _register()
    except OSError as _error:
        warnings.warn(
            f'evaluate.load("gsi_bench") will not find this metric: the cache of modules cannot be written ({_error}). Set '
            "HF_MODULES_CACHE or HF_HOME to a writable folder and run `gsi-bench register`, or set GSI_BENCH_NO_REGISTER=1 to "
            "do without it",
            RuntimeWarning,
            stacklevel=2,
        )
