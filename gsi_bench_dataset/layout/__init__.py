"""The reference's layout: its archives read and written, its goals, the pixels that its cameras mean."""
