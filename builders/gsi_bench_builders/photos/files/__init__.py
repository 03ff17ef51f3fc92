"""Readers of what photographs come in: images, depth, videos, meshes, protocol buffers."""
