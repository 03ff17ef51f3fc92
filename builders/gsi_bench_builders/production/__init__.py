"""From scenes to a published split: workers, labels, self-checks, variants, contact sheets."""
