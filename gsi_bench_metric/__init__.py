"""GSI-Bench scores: what a number means, from pictures and records to the row of an editor.

Importing this package writes nothing and imports nothing heavy: scoring lives in `gsi_bench_metric.run.scoring`, the metric for
the evaluate library in `gsi_bench_metric.hf.evaluate_module`. `gsi-bench register` makes `evaluate.load("gsi_bench")` work;
`gsi_bench_metric.hf.load()` gives the same metric without it.
"""

__all__: list[str] = []
