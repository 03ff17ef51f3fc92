"""The Gradio Space. The package is empty in this version: docs/status.md says what is coming."""
