"""Its files: checkpoints, converted weights, kept encodings, licences."""
