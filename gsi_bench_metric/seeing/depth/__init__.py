"""Who estimates depth, and how it is brought to the scale of the known boxes."""
