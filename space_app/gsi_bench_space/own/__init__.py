"""The tab *Your own image*: from a photograph and a mark to a sample."""
