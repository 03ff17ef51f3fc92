"""What visitors send: one check for every value, file and request."""
