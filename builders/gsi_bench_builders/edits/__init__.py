"""Edits of a scene: one module an operation, each drawing exact parameters, checking its rules, applying and describing.

`propose_edits` is the way in. Nothing here knows an engine: what boxes cannot tell is asked of a `Probe`.
"""

from gsi_bench_builders.edits.base import REASONS, Candidate, Edit, EditOptions, Rejection, Stage
from gsi_bench_builders.edits.naming import Name, name_things
from gsi_bench_builders.edits.propose import KINDS, propose_edits, try_candidate
from gsi_bench_builders.edits.selfcheck import reads_back

__all__ = [
    "KINDS",
    "REASONS",
    "Candidate",
    "Edit",
    "EditOptions",
    "Name",
    "Rejection",
    "Stage",
    "name_things",
    "propose_edits",
    "reads_back",
    "try_candidate",
]
