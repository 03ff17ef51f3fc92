"""How the camera moved between the source and an edited image."""
