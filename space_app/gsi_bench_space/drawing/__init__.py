"""Drawings of what an edit was scored on: SVG for lines, PNG for pixels, Plotly for space. Pure functions."""
