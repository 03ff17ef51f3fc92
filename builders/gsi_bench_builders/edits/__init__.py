"""Edits of a scene: one module an operation, each drawing exact parameters, checking its rules, applying and describing.

`propose.propose_edits` is the way in. Nothing here knows an engine: what boxes cannot tell is asked of a `Probe`.
"""
