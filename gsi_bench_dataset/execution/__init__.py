"""Tasks in this process or in several."""
