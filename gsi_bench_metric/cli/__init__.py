"""Sub-commands of `gsi-bench`: thin shells without arithmetic."""
