"""A run: what is scored, the steps of scoring, the folder that keeps every result."""
