"""Tasks in this process, in several, or on the machines of a Ray cluster."""
