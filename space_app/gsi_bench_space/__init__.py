"""The Gradio Space: score an edit under both protocols and see why. The web part (`app`) needs the extra `space`."""
