"""Scenes: which objects, where they stand, the room, the light, the camera."""
