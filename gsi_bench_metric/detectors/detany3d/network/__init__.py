"""The network of DetAny3D in plain PyTorch."""
