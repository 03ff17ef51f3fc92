"""The paper's detector in plain PyTorch: DetAny3D for 3D boxes, GroundingDINO for text prompts (docs/detectors.md)."""
