"""Chinese instructions: what is read (`reader`) and what is written (`writer`), one module an operation."""

from gsi_bench_dataset.language.chinese.reader import parse_zh, read_zh

__all__ = ["parse_zh", "read_zh"]
