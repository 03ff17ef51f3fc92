"""GSI-Bench for the evaluate library; the code lives in the installed gsi-bench package."""

from gsi_bench_metric.hf.evaluate_module import GsiBench  # noqa: F401 - `evaluate` takes the class that it finds in this file
