"""The tab *Your own picture*: from a photograph and a mark to a sample."""
