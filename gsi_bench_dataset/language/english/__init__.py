"""English instructions: what is read (`reader`) and what is written (`writer`), one module an operation."""

from gsi_bench_dataset.language.english.reader import parse, read

__all__ = ["parse", "read"]
