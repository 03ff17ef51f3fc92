"""What the app asks of the metric. No arithmetic, no web."""
