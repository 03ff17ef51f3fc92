"""Reports: what a run found, for people and for the reference's tables."""
