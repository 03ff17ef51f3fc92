"""Validity: what a protocol and a detector make of edits with known ground truth. `gsi-bench validate` runs it."""
