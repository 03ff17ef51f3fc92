"""Instructions as words: English and Chinese sentences -> `Operation`."""
