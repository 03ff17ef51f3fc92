"""Editors make the images that are scored: a diffusers pipeline, an image-edit endpoint, a Python function."""

from gsi_bench_metric.editors.base import EditError, Editor, EditorError, EditorOptions, EditRequest
from gsi_bench_metric.editors.registry import make_editor

__all__ = ["EditError", "EditRequest", "Editor", "EditorError", "EditorOptions", "make_editor"]
