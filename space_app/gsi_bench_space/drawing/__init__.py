"""Drawings of what an edit's score is based on: SVG for lines, PNG for pixels, Plotly for space. Pure functions."""
