"""How datasets, records and predictions lie on disk."""
