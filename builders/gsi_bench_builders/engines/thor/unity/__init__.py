"""A running Unity: the client under a watch, one process at a time, and what can be done in its scene."""
