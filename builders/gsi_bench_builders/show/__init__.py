"""Contact sheets for whoever makes assets and compositions: what they look like, drawn by an engine."""
