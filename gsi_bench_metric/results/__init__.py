"""From scores to an editor's row: means, intervals, comparisons."""
