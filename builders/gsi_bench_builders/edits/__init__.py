"""Edits of a scene. Each operation (`operations/`) draws exact parameters, checks its rules, applies and describes.

`propose.propose_edits` is the way in. Nothing here knows an engine: what boxes cannot tell is asked of a `Probe`.
"""
