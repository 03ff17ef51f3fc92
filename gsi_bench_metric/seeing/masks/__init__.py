"""Who finds the pixels of known objects: one module a segmenter, and what their masks are held against."""
