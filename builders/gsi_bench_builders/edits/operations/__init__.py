"""One module an operation: draw an edit of it, check it, say it."""
