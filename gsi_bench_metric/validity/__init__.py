"""Validity: what a protocol and a detector make of edits whose truth is known. `gsi-bench validate` runs it."""
