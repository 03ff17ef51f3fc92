"""A small policy that learns to move objects from the reward alone, on a CPU: `python -m gsi_bench_metric.reward.example`."""
