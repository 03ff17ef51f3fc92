"""Builders generate samples: scenes, edits of them, images of both with the truth about them.

Needs the `blender` extra to draw; everything else here (states, edits, wording, layouts, embedded assets) is plain Python.
"""

from gsi_bench_dataset.version import __version__

__all__ = ["__version__"]
