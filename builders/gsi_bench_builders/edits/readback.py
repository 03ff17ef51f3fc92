"""Do the words of an edit say what the edit is? Read back by parsers that know nothing of how they were written."""

from __future__ import annotations

import math

from gsi_bench_builders.edits.base import Edit
from gsi_bench_dataset.instructions import parse
from gsi_bench_dataset.instructions_zh import parse_zh
from gsi_bench_dataset.records import Operation

__all__ = ["reads_back"]

_FIELDS = ("kind", "direction", "distance_m", "angle_deg", "factor", "frame")


def reads_back(edit: Edit) -> list[str]:
    """How the parsed instructions differ from the edit's numbers; empty where both agree in both languages."""
    problems = []
    for language, text, found in (("en", edit.prompt, parse(edit.prompt)), ("zh", edit.prompt_zh, parse_zh(edit.prompt_zh))):
        if found is None:
            problems.append(f"{language}: {text!r} is not understood")
            continue
        fields = (*_FIELDS, "reference", "receptacle") if language == "en" else _FIELDS
        problems += [
            f"{language}: {text!r} says {name} {getattr(found, name)!r}, the edit {getattr(edit.operation, name)!r}"
            for name in fields
            if not _same(found, edit.operation, name)
        ]
    return problems


def _same(found: Operation, asked: Operation, name: str) -> bool:
    a, b = getattr(found, name), getattr(asked, name)
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-9)
    return bool(a == b)
