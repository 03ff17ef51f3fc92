"""Images: reading, alignment, similarity, the viewpoint test, and the devices and weights that these need. Knows no samples."""
